"""The figures of a moment: the shares, the vehicles that are not trackable, where all are."""
