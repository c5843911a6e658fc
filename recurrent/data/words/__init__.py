"""Running text, cut into words."""
