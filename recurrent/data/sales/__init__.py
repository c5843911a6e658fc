"""A table of daily sales."""
