"""Daily sales of stores."""
