"""What money is spent on."""
