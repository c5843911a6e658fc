"""What encode writes and a task reads: arrays, vocabulary, splits, windows, batches. NumPy only."""
