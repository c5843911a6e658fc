"""Studies: small computations that need no corpus, and examinations of trained networks."""
