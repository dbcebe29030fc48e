"""The network model of the mesh: ports that must be open for a meshed pod.

A proxy sends what is for another meshed pod to port 4143 of that pod, whatever the port of the app: the transport mode
`transport-header`, the default of the chart. Network policies that name ports of apps alone would part the mesh; who
open 4143 for meshed pods leave the ports to the Servers of the mesh.
Only the proxy's own ports, for its metrics and for tap, are called as they are.
Sources: linkerd2 edge-26.8.3, charts/linkerd-control-plane (values.yaml, templates), viz/charts/linkerd-viz,
controller/api/destination/endpoint_translator.go; read 2026-11.
"""

from dataclasses import dataclass
from typing import Literal

PROXY_INBOUND, PROXY_ADMIN, PROXY_TAP = 4143, 4191, 4190
IDENTITY, DESTINATION, POLICY = CONTROL_PLANE_PORTS = 8080, 8086, 8090
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
    OpenPort("out", IDENTITY, CONTROL_PLANE),
    OpenPort("out", DESTINATION, CONTROL_PLANE),
    OpenPort("out", POLICY, CONTROL_PLANE),
    OpenPort("out", PROXY_INBOUND, MESHED),
    OpenPort("in", PROXY_INBOUND, MESHED),
    OpenPort("in", PROXY_ADMIN, MONITORING),
    OpenPort("in", APP, LOAD_BALANCER),
)
