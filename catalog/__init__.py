"""Facts, no behaviour."""
