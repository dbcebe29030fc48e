"""Rules about namespaces that teams share a cluster by."""
