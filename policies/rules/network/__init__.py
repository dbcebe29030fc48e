"""What may reach what."""
