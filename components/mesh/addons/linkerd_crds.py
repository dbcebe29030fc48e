"""The custom resources of Linkerd. Source: linkerd/linkerd2 edge-26.8.3, charts/linkerd-crds; read 2026-11."""

from components.core.addon_spec import AddOnContext, AddOnSpec
from components.core.untyped import Values
from settings.cluster.addon_rules import needed_by_mesh


def values(context: AddOnContext) -> Values:
    return {"installGatewayAPI": False}  # the cluster has them, for all who read them


ADD_ON = AddOnSpec(
    name="linkerd-crds",
    pod_security="restricted",
    daemons=(),
    needed_by=needed_by_mesh,
    instead="mesh.clusters without this cluster",
    definitions=("gateway-api",),
    pulls_images=False,
    values=values,
)
