"""The forms of the report of a date: for the terminal, as CSV, and as a page to print."""
