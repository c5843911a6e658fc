"""The commands of `recurrent`, one module each."""
