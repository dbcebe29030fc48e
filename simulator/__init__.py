"""A cloud without a cloud."""
