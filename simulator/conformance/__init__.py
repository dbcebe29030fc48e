"""A corpus of Kubernetes objects and changes with the verdicts of a real API server, and two judges of it."""
