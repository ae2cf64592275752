"""What the step that reverses documents is made of."""
