"""The journal as the panel shows it: filter, rows, what explains one of them, export (panel spec 7)."""
