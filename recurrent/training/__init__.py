"""How models are trained: one loop, the run store, and runs side by side."""
