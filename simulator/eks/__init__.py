"""The simulated pulumi-eks: a component that registers the resources of an EKS cluster with the engine."""
