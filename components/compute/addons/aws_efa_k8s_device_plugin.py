"""EFA device plugin: offers a node's Elastic Fabric Adapters to pods, as `vpc.amazonaws.com/efa`.

It has the network of its node, where no network policy holds, so it has no flows.
Source: aws/eks-charts v0.0.242, stable/aws-efa-k8s-device-plugin; read 2026-08.
"""

from catalog.regions import REGIONS
from catalog.sharing import POOL_LABEL
from components.core.addon_spec import AddOnContext, AddOnSpec
from components.core.untyped import Values
from settings.cluster.addon_rules import needed_by_pools
from settings.core.physical_names import registry


def values(context: AddOnContext) -> Values:
    region = context.stage.region
    return {
        "image": {"repository": f"{registry(REGIONS[region].eks_account, region)}/eks/aws-efa-k8s-device-plugin"},
        "resources": {"limits": {"memory": "128Mi"}},
        # By pool and not by instance type: nodes of a pool without efa have no adapters, whatever their type supports.
        "supportedInstanceLabels": {
            "keys": [POOL_LABEL],
            "values": [pool.name for pool in context.pools if pool.efa],
        },
    }


ADD_ON = AddOnSpec(
    name="aws-efa-k8s-device-plugin",
    needed_by=needed_by_pools(lambda pool: pool.efa),
    instead="efa: false",
    pod_security="privileged",
    values=values,
    daemons=("tolerations",),
)
