"""One module a kind of dataset: clean records in, integer arrays out."""
