"""Karpenter's CRDs as a chart of their own: Helm never upgrades those that a chart carries in `crds/`."""

from components.core.addon_spec import AddOnSpec
from settings.cluster.addon_rules import needed_by_pools

ADD_ON = AddOnSpec(
    name="karpenter-crd",
    needed_by=needed_by_pools(lambda pool: pool.provisioner == "karpenter"),
    instead="provisioner: managed",
    pod_security="restricted",
    daemons=(),
    values=lambda context: {},
)
