"""The contract, and one module a family of models."""
