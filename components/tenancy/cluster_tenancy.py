"""What a cluster has once for all of its teams."""

import pulumi

from components.core.cluster_ref import ClusterRef
from components.tenancy import priorities


class ClusterTenancy(pulumi.ComponentResource):
    """Named `<cluster>-tenancy`, as its children begin. A cluster without teams has it as well."""

    def __init__(self, name: str, cluster: ClusterRef, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:tenancy:ClusterTenancy", name, None, opts)
        priorities.register(f"{name}-priority", pulumi.ResourceOptions(parent=self, provider=cluster.provider))
        self.register_outputs({})
