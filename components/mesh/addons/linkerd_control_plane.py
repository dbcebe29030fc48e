"""The control plane of Linkerd: destinations, identities, and the injector of proxies.

The open-source project publishes edge releases alone. Another distribution has the same values: its images by
`addons.linkerd-control-plane.values`.
Sources: linkerd/linkerd2 edge-26.8.3, charts/linkerd-control-plane (values-ha.yaml, templates), linkerd.io/2-edge; read
2026-11.
"""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network

from catalog.mesh_network import CONTROL_PLANE_PORTS, PROXY_ADMIN, PROXY_INBOUND
from components.core.addon_spec import AddOnContext, AddOnSpec
from components.core.flows import AMONG_THEMSELVES, CONTROLLER, Flow, Pods, into, out, webhooks
from components.core.namespaces import CONTROL_PLANE, VIZ
from components.core.untyped import Manifest, Values
from components.mesh.addon_rules.linkerd_control_plane import RULES
from components.mesh.identity import WEBHOOKS, certificates
from settings.cluster.addon_rules import needed_by_mesh
from settings.cluster.addons import AddonSettings
from settings.cluster.fixed_values import FixedValue, never, of_budgets, only
from settings.cluster.mesh_replicas import highly_available
from settings.cluster.parts import ClusterParts
from settings.mesh.mesh import MeshSettings, TracingSettings

KNOWN_NETWORKS = ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8")
"""The chart's own networks of clusters: what is outside of them is not looked up, and gets no mutual TLS."""
OPAQUE_PORTS = (25, 587, 3306, 4444, 5432, 6379, 9300, 11211)
"""The chart's own opaque ports."""
# In the order of WEBHOOKS.
_WEBHOOK_VALUES = ("proxyInjector", "profileValidator", "policyValidator")


def mesh_of(context: AddOnContext) -> MeshSettings:
    """Returns the mesh. The stack file may turn the add-on on only where there is one."""
    return context.mesh or MeshSettings()


def _resources(cpu: str, memory: str, limit: str) -> Values:
    none = {"request": "", "limit": ""}
    return {
        "cpu": {"request": cpu, "limit": ""},
        "memory": {"request": memory, "limit": limit},
        "ephemeral-storage": none,
    }


def values(context: AddOnContext) -> Values:
    mesh, part = mesh_of(context), _resources("100m", "50Mi", "250Mi")
    available = highly_available(mesh, context.pools, context.zones)
    return {
        "cniEnabled": True,
        "priorityClassName": "system-cluster-critical",  # otherwise pods of teams with a class may end it
        "clusterNetworks": ",".join([*KNOWN_NETWORKS, *unknown_networks(context.networks)]),
        "disableHeartBeat": True,  # it tells the makers about the cluster once a day
        "identityTrustDomain": context.trust_domain,
        "identity": {"externalCA": True, "issuer": {"scheme": "kubernetes.io/tls"}},
        **{
            value: {"externalSecret": True, "injectCaFrom": f"{CONTROL_PLANE}/{name}"}
            for name, value in zip(WEBHOOKS, _WEBHOOK_VALUES, strict=True)
        },
        # Its pods read the anchors when they start: with another one of them they start again.
        "podAnnotations": {"ml-platform/anchors": ".".join(mesh.anchors)},
        "proxy": {
            "defaultInboundPolicy": mesh.inbound,
            **opaque_ports(mesh),
            **tracing(mesh.tracing),
            # A quota on limits refuses pods whose proxy has none.
            "resources": {
                "cpu": {"request": "100m", "limit": "1"},
                "memory": {"request": "20Mi", "limit": "250Mi"},
                "ephemeral-storage": {"request": "", "limit": ""},
            },
        },
        "controllerReplicas": 3 if available else 1,
        "enablePodAntiAffinity": available,
        # Each replica has a node of its own, and on three nodes there is no fourth for a new one to start first.
        **({"deploymentStrategy": {"rollingUpdate": {"maxUnavailable": 1, "maxSurge": "25%"}}} if available else {}),
        "enablePodDisruptionBudget": available,  # of one pod at a time
        # While no injector answers, a meshed pod would start in the clear, or with Fail not at all.
        "webhookFailurePolicy": "Fail" if available and context.stage.production else "Ignore",
        "destinationResources": part,
        "identityResources": _resources("100m", "10Mi", "250Mi"),
        "proxyInjectorResources": part,
        "spValidatorResources": part,
        "policyController": {"resources": part},
    }


def opaque_ports(mesh: MeshSettings) -> Values:
    """Returns the ports on which no protocol is looked for; what is given replaces those that the chart knows."""
    if not mesh.opaque_ports:
        return {}
    return {"opaquePorts": ",".join(str(port) for port in sorted({*OPAQUE_PORTS, *mesh.opaque_ports}))}


def tracing(settings: TracingSettings | None) -> Values:
    """Returns where proxies send their spans. A proxy sends them to the identity that is named, and to no other."""
    if settings is None:
        return {}
    identity = {"serviceAccountName": settings.service_account, "namespace": settings.namespace}
    return {"tracing": {"enabled": True, "collector": {"endpoint": settings.collector, "meshIdentity": identity}}}


def unknown_networks(networks: tuple[str, ...]) -> list[str]:
    """Returns the ranges of the cluster that the chart's own networks do not hold."""
    known = [IPv4Network(each) for each in KNOWN_NETWORKS if ":" not in each]
    return [each for each in networks if not any(IPv4Network(each).subnet_of(one) for one in known)]


def proxy_images(addons: Mapping[str, AddonSettings]) -> tuple[str, ...]:
    """Returns the images that the injector adds to pods: the proxy's alone, which the CNI plugin's check has as well.

    addons: those of the cluster in the stack file, whose values may name another registry, or a digest for a version.
    Source: linkerd/linkerd2 edge-26.8.3, charts/partials/templates/_proxy.tpl, _network-validator.tpl; read 2026-11.
    """
    given = addons[ADD_ON.name].values if ADD_ON.name in addons else {}
    image = given.get("proxy", {}).get("image", {})
    version = image.get("version") or given.get("linkerdVersion") or ADD_ON.chart.app_version
    return (f"{image.get('name') or 'cr.l5d.io/linkerd/proxy'}:{version}",)


def before(context: AddOnContext) -> Mapping[str, Manifest]:
    return certificates(mesh_of(context), context.trust_domain)


def spans(mesh: MeshSettings | None) -> Sequence[Flow]:
    """Returns whom proxies send spans to. The port is that of the collector's Service, and has to be its pods' too."""
    if mesh is None or mesh.tracing is None:
        return ()
    return (out(Pods(namespace=mesh.tracing.namespace), "its proxies send spans", mesh.tracing.port),)


def flows(cluster: ClusterParts) -> Sequence[Flow]:
    mesh = cluster.mesh or MeshSettings()
    prometheus = into(Pods(namespace=VIZ), "Prometheus reads its metrics", PROXY_INBOUND, PROXY_ADMIN)
    meshed = [*mesh.namespaces, *([VIZ] if mesh.viz else [])]
    return (
        *CONTROLLER,
        *AMONG_THEMSELVES,
        webhooks(8443, 9443),
        *(into(Pods(namespace=each), "proxies ask it", *CONTROL_PLANE_PORTS) for each in meshed),
        *([prometheus] if mesh.viz else []),
        *spans(mesh),
    )


ADD_ON = AddOnSpec(
    name="linkerd-control-plane",
    rules=RULES,
    pod_security="restricted",
    daemons=(),
    needed_by=needed_by_mesh,
    instead="mesh.clusters without this cluster",
    after=("cert-manager", "trust-manager", "linkerd-crds", "linkerd2-cni"),
    before=before,
    values=values,
    flows=flows,
    fixed=(
        *of_budgets("controller"),
        FixedValue(path="cniEnabled", keeps=only(True), why="Restricted namespaces refuse pods that redirect traffic."),
        FixedValue(path="identityTrustDomain", keeps=never, why="The issuer and the policies have the cluster's own."),
        FixedValue(path="identityTrustAnchorsPEM", keeps=never, why="The anchors are those of `mesh.anchors`."),
        FixedValue(path="identity.externalCA", keeps=only(True), why="cert-manager makes the anchors."),
        FixedValue(
            path="identity.issuer.scheme", keeps=only("kubernetes.io/tls"), why="cert-manager makes the issuer."
        ),
        *(
            FixedValue(path=f"{webhook}.{key}", keeps=keeps, why="cert-manager makes the webhook's certificate.")
            for webhook in _WEBHOOK_VALUES
            for key, keeps in (("externalSecret", only(True)), ("injectCaFrom", never))
        ),
        FixedValue(path="proxy.defaultInboundPolicy", keeps=never, why="It is `mesh.inbound`."),
        FixedValue(path="proxy.opaquePorts", keeps=never, why="They are `mesh.opaque_ports`."),
        FixedValue(path="proxy.tracing", keeps=never, why="It is `mesh.tracing`."),
        FixedValue(path="proxy.nativeSidecar", keeps=only(True), why="Otherwise Jobs never end."),
        FixedValue(path="proxyInit", keeps=never, why="It does nothing beside the CNI plugin, linkerd2-cni."),
        FixedValue(path="controllerReplicas", keeps=never, why="They follow from `mesh.high_availability`."),
        FixedValue(path="enablePodAntiAffinity", keeps=never, why="It follows from `mesh.high_availability`."),
        FixedValue(
            path="webhookFailurePolicy",
            keeps=only("ignore"),
            why="It is Fail where production has three replicas; with one, Fail would stop pods at each restart of it.",
        ),
    ),
)
