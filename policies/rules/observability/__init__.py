"""What is written down, and for how long."""
