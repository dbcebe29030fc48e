"""Rules about the regions that data may be in."""
