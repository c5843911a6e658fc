"""The synthetic corpora: generated from a seed, every probability known."""
