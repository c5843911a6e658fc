"""What evaluate measures, and how ours is held against what a lecture prints."""
