"""How models learn: one loop, tasks, seeding, checkpoints."""
