"""What trained networks are examined for, beyond their answers."""
