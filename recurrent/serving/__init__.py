"""Trained networks for use elsewhere: in Python, as MLflow models, and over HTTP."""
