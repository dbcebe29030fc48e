"""Names in AWS that are known before anything is built: settings check their length, components give them."""


def name_prefix(name: str, environment: str) -> str:
    """The first part of every name, e.g. `ml-platform-prod`."""
    return f"{name}-{environment}"


def cluster_name(prefix: str, cluster: str) -> str:
    """The EKS cluster under `clusters.<cluster>`."""
    return f"{prefix}-{cluster}"


def karpenter_node_role_name(cluster_name: str) -> str:
    """The role of the nodes that Karpenter starts. The right to pass the role names it."""
    return f"{cluster_name}-karpenter-node"
