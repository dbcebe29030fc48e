"""One rule in one module."""
