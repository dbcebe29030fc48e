"""Karpenter's CRDs as a separate chart, since Helm never upgrades CRDs in the folder `crds/` of a chart."""

from components.core.addon_spec import AddOnSpec
from settings.cluster.addon_rules import needed_by_pools

ADD_ON = AddOnSpec(
    name="karpenter-crd",
    needed_by=needed_by_pools(lambda pool: pool.provisioner == "karpenter"),
    instead="provisioner: managed",
    pod_security="restricted",
    daemons=(),
    pulls_images=False,
    values=lambda context: {},
)
