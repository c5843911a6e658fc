"""What training records: files first, MLflow second."""
