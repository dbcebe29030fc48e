"""Rules about networks: who can reach what."""
