"""The simulated pulumi-eks: the component that registers an EKS cluster's parts with the engine."""
