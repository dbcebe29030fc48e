"""The EKS clusters."""
