"""Settings: the models of a stack file, its defaults, and its rules."""
