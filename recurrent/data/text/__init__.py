"""Running text, read by the character."""
