"""What models are asked to do: one module a task, and the contract of all tasks."""
