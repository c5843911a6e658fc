"""Search over a few settings of one variant: the space, the trials, and what a trial trains."""
