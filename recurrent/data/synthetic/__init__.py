"""Synthetic corpora: generated from a seed, with every probability known."""
