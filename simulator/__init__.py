"""A simulated cloud: AWS, EKS and Kubernetes providers that keep their resources in a local file."""
