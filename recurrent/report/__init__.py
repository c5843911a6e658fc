"""The tables and pictures that people read, made from metrics/ alone."""
