"""The commands of `recurrent`, one module each. `recurrent/cli.py` has their options and help."""
