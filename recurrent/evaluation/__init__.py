"""Scores of trained models, comparisons between them, and comparisons with published numbers."""
