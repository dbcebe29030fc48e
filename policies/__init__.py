"""What may never be built."""
