"""Components: the Pulumi resources that a stack builds from its settings."""
