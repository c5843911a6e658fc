"""Studies beside training: small computations, and what trained networks look like inside."""
