"""The network model of the mesh: ports that must be open for a meshed pod, and those of webhooks of add-ons.

A proxy sends what is for another meshed pod to port 4143 of that pod, whatever the port of the app: the transport mode
`transport-header`, the default of the chart. Network policies that name ports of apps alone would part the mesh; who
open 4143 for meshed pods leave the ports to the Servers of the mesh.
Sources: linkerd2 edge-26.8.3, charts/linkerd-control-plane (values.yaml, templates), viz/charts/linkerd-viz; charts
cert-manager 1.21, trust-manager 0.24, aws-load-balancer-controller 3.5.0; read 2026-11.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

PROXY_INBOUND, PROXY_ADMIN = 4143, 4191
APP = "the app's"
DNS, CONTROL_PLANE, MESHED, MONITORING, LOAD_BALANCER = (
    "DNS",
    "the control plane of the mesh",
    "meshed pods",
    "monitoring",
    "load balancers",
)
Direction = Literal["in", "out"]


@dataclass(frozen=True)
class OpenPort:
    """A port that must be open between a meshed pod and its peers. port: `APP` is whatever the app listens on."""

    direction: Direction
    port: int | str
    peer: str


MESHED_POD = (
    OpenPort("out", 53, DNS),
    OpenPort("out", 8080, CONTROL_PLANE),  # identities
    OpenPort("out", 8086, CONTROL_PLANE),  # destinations
    OpenPort("out", 8090, CONTROL_PLANE),  # policies
    OpenPort("out", PROXY_INBOUND, MESHED),
    OpenPort("in", PROXY_INBOUND, MESHED),
    OpenPort("in", PROXY_ADMIN, MONITORING),
    OpenPort("in", APP, LOAD_BALANCER),
)

WEBHOOKS: Mapping[str, tuple[int, ...]] = {
    "linkerd-control-plane": (8443, 9443),
    "linkerd-viz": (8089, 8443),
    "cert-manager": (10250,),
    "trust-manager": (6443,),
    "aws-load-balancer-controller": (9443,),
    "kyverno": (9443,),
}
"""Chart -> ports of its pods that the API server calls, from the subnets of the EKS control plane."""
