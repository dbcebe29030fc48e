"""Rules about the nodes of a cluster."""
