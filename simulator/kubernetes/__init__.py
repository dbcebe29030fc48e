"""The simulated Kubernetes provider, and the API servers of the simulated EKS clusters."""
