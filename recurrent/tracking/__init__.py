"""What trainings leave for people: files first, MLflow second."""
