"""The lectures' networks, one module a lecture; their baselines; and the contract of all models."""
