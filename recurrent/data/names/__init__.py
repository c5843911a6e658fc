"""Names with a label."""
