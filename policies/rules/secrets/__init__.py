"""Rules about passwords, tokens and keys."""
