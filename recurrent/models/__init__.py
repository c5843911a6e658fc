"""The lectures' networks (one module per lecture), their baselines, and the models' contract."""
