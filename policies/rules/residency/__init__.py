"""Where things may be."""
