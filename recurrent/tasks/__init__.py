"""What models learn: one module per task, and the contract of all tasks."""
