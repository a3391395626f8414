"""What a report is: vehicles, fixes, equipment, reasons to reject. Pure: no I/O, no clock."""
