"""Raw bytes to clean records: one module a corpus."""
