"""EFA device plugin: offers a node's Elastic Fabric Adapters to pods, as `vpc.amazonaws.com/efa`.

It has the network of its node, where no network policy holds, so it has no flows.
Source: aws/eks-charts v0.0.242, stable/aws-efa-k8s-device-plugin; read 2026-08.
"""

from collections.abc import Mapping
from types import MappingProxyType

from catalog.sharing import POOL_LABEL
from components.core.addon_spec import AddOnContext, AddOnSpec
from components.core.untyped import Values
from settings.cluster.addon_rules import needed_by_pools

# Each region has its own image registry; most registries belong to the same account.
# Source: https://docs.aws.amazon.com/eks/latest/userguide/add-ons-images.html, read 2026-11.
REGISTRY_ACCOUNT = "602401143452"
OTHER_REGISTRY_ACCOUNTS: Mapping[str, str] = MappingProxyType(
    {
        "af-south-1": "877085696533",
        "ap-east-1": "800184023465",
        "ap-south-2": "900889452093",
        "ap-southeast-3": "296578399912",
        "ap-southeast-4": "491585149902",
        "ap-southeast-5": "151610086707",
        "ca-west-1": "761377655185",
        "eu-central-2": "900612956339",
        "eu-south-1": "590381155156",
        "eu-south-2": "455263428931",
        "il-central-1": "066635153087",
        "me-central-1": "759879836304",
        "me-south-1": "558608220178",
        "us-gov-east-1": "151742754352",
        "us-gov-west-1": "013241004608",
    }
)


def values(context: AddOnContext) -> Values:
    region = context.stage.region
    account = OTHER_REGISTRY_ACCOUNTS.get(region, REGISTRY_ACCOUNT)
    return {
        "image": {"repository": f"{account}.dkr.ecr.{region}.amazonaws.com/eks/aws-efa-k8s-device-plugin"},
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
