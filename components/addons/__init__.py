"""One add-on in one module."""
