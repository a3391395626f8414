"""What share and report say as documents, and the forms of these: terminal, HTML, CSV, JSON."""
