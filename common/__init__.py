"""Small helpers that several rooms need. Every room may import `common`; it imports nothing of the project."""
