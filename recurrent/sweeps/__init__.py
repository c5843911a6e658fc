"""Search a few settings of one variant: the space, the study, and its trials."""
