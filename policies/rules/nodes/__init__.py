"""The machines of a cluster."""
