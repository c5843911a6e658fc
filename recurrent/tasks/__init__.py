"""What models are asked: one module a task, and the contract that the training loop knows."""
