"""What a report is: vehicles, fixes, equipment, reasons to refuse. Pure: no I/O, no clock."""
