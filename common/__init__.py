"""Small helpers that several rooms need. It imports nothing of the project, and every room may import it."""
