"""The pipeline: one module a DVC stage, and the packages they share."""
