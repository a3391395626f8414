"""The command line: settings, logging, the demo. Joins the rooms; none of them imports it."""
