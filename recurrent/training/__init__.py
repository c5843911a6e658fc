"""How models are trained: one loop, the run store, and parallel training."""
