"""Characters as integers: vocabulary, splits, batches. NumPy only."""
