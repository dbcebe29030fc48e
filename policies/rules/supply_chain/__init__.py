"""Rules about the software that a stack installs."""
