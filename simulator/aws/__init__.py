"""Simulated AWS: what each resource type is, and what the cloud refuses."""
