"""What goes onto the PYTHONPATH of tasks, whose own code knows nothing of it."""
