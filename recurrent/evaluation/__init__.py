"""What trained models score, how they compare, and how near they come to published numbers."""
