"""History from files, kept in bulk; all of it needs pyarrow, which is the extra ``archive``."""
