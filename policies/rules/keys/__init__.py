"""The KMS keys."""
