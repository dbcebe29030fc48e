"""How to get the Pulumi engine."""
