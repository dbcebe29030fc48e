"""The simulated AWS provider: the resource types that it knows, and what AWS refuses."""
