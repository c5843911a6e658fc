"""What a training writes down as it goes: history, gradient norms, health."""
