"""Who reaches whom, as the VPC CNI keeps NetworkPolicies: `why_cut` judges one call, `reach_of` all of them.

What a pod sends is judged before kube-proxy gives the address of a Service that of a pod. A Service is opened by a peer
whose podSelector its own selector satisfies, on the port whose target port the policy names; no ipBlock opens it by its
pods. A policy that has rules in a direction, or the type of it, closes it; one that has neither leaves it open, also in
strict mode. Pods of one name without its last part share their rules, and before 1.22.4 (agent 1.4.0) so do namespaces
whose names make one text with it. Cluster network policies are kept from 1.21.1 on: those of the tier Admin decide
first, those of Baseline about pods without a policy. Left out: IPv6, security groups, proxies of a mesh, which send
what is for a Service to port 4143 of its pods, names of ports in cluster network policies, the moments in which a
policy is not there yet, and pods that share a name but no node.
Sources: aws/amazon-network-policy-controller-k8s v1.1.7, pkg/resolvers/endpoints.go; aws/aws-network-policy-agent
v1.3.1 to v1.4.1, controllers, pkg/config, pkg/rpc and pkg/ebpf; amazon-vpc-cni-k8s v1.22.4, README; EKS user guide,
"Limit pod traffic with Kubernetes network policies"; read 2026-11.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final

from catalog.eks_addons import release_of
from simulator.aws import tokens
from simulator.cloud import Cloud
from simulator.kubernetes.aws_policies import APPLICATION, CLUSTER, as_network_policy, peer_of, rules_of
from simulator.kubernetes.chart_pods import Pod
from simulator.kubernetes.chart_pods import pods_of as pods_of_release
from simulator.kubernetes.clusters import Cluster, cluster_of
from simulator.kubernetes.made_policies import COLLECTOR, policy_of
from simulator.kubernetes.meaning.node import Node
from simulator.kubernetes.meaning.selectors import matches
from simulator.kubernetes.planned import Planned
from simulator.kubernetes.pods import (
    OWN_NODE,
    Place,
    Service,
    api_server,
    dns,
    dns_pods,
    nodes,
    pod_subnets,
    pods_of,
    resolver,
    services_of,
)
from simulator.kubernetes.policy_rules import Ports, Rule, TierRule, action_of, why_denied
from simulator.values import UNKNOWN, Props, has_unknown

POLICY: Final = ("networking.k8s.io/v1", "NetworkPolicy")
KINDS: Final = (POLICY, APPLICATION, CLUSTER)
_EVERYWHERE = IPv4Network("0.0.0.0/0")
_ENDS = {"Ingress": ("ingress", "from", "receive"), "Egress": ("egress", "to", "send")}
_OF_KUBERNETES = ("default", "kube-system", "kube-public", "kube-node-lease")
_READY_PORT = 8181  # of CoreDNS, for the kubelet
_TELLS_NAMESPACES_APART, _KEEPS_TIERS = (1, 22, 4), (1, 21, 1)  # charts/aws-vpc-cni, templates/clusterrole.yaml
Source = Pod | Place
Target = Pod | Place | Service


@dataclass(frozen=True)
class Reach:
    """One call. cut: why it does not arrive; "". unsupported: why the CNI does not keep policies for it as written."""

    source: str
    target: str
    port: int
    protocol: str
    cut: str
    unsupported: str


@dataclass(frozen=True)
class Enforcement:
    """How the VPC CNI keeps policies. strict: pods that none selects reach nobody. faulty: such pods may be cut off.

    why_no_pod_starts: what its agent does not bear, so that the CNI gives no pod a network; "".
    """

    version: str
    strict: bool
    why_no_pod_starts: str = ""

    @property
    def faulty(self) -> bool:
        """Whether its network policy agent can be one of 1.3.2 to 1.3.4, as in EKS's builds from 7 on of 1.21.1.

        Source: aws/aws-network-policy-agent, issues 553, 570 and 592; it strikes where a node starts the agent before
        kube-proxy.
        """
        return release_of(self.version) == (1, 21, 1) and int(self.version.rsplit(".", 1)[-1]) >= 7

    @property
    def tells_namespaces_apart(self) -> bool:
        return release_of(self.version) >= _TELLS_NAMESPACES_APART

    @property
    def keeps_tiers(self) -> bool:
        return release_of(self.version) >= _KEEPS_TIERS


def enforcement(cluster: Cluster) -> Enforcement | None:
    """Returns how the VPC CNI of a cluster keeps policies; None where it does not, as by default."""
    row = cluster.cloud.get(tokens.ADDON, f"{cluster.name}:vpc-cni", cluster.region)
    text = row.state.get("configurationValues") if row else None
    values = json.loads(text) if isinstance(text, str) and text else {}
    if row is None or values.get("enableNetworkPolicy") != "true":
        return None
    env, agent = values.get("env") or {}, values.get("nodeAgent") or {}
    if env.get("ENABLE_BANDWIDTH_PLUGIN") == "true":
        return None  # it takes the place of the agent's programs
    faults = {
        "env.AWS_VPC_K8S_CNI_VETHPREFIX": env.get("AWS_VPC_K8S_CNI_VETHPREFIX", "eni") != "eni",
        "nodeAgent.conntrackCacheTableSize": int(agent.get("conntrackCacheTableSize", 2**19))
        not in range(2**15, 2**20 + 1),
        "nodeAgent.enableIpv6": str(agent.get("enableIpv6", "false")).lower() == "true",
    }
    fault = next((key for key, is_wrong in faults.items() if is_wrong), "")
    why = f"no pod starts: the network policy agent of vpc-cni does not bear its {fault}" if fault else ""
    mode = str(env.get("NETWORK_POLICY_ENFORCING_MODE", "standard"))
    return Enforcement(str(row.state.get("addonVersion")), mode.lower() == "strict", why)


def why_cut(
    cluster: Cluster,
    source: Source,
    target: Target,
    port: int,
    protocol: str = "TCP",
    planned: Planned | None = None,
) -> str:
    """Returns why network policies let a call not arrive; "" when it passes, or when what decides is not known yet.

    port: of the Service where the target is one, otherwise that on which pods listen. planned: what a preview makes.
    """
    return PolicyView(cluster, planned).why_cut(source, target, port, protocol)


def why_pods_wait(cluster: Cluster, release: Mapping[str, Any], planned: Planned | None = None) -> str:
    """Returns why pods of a release never get ready: they reach no DNS, or no API server. "" when they do."""
    view = PolicyView(cluster, planned)
    for pod in pods_of_release(release).values():
        names = resolver(cluster) if pod.asks_vpc else dns(cluster)
        if (
            why := view.why_nothing_starts
            or view.why_cut(pod, names, 53, "UDP")
            or view.why_cut(pod, api_server(cluster), 443)
        ):
            return why
    return ""


def why_dns_waits(cloud: Cloud, addon: Props, region: str) -> str:
    """Returns why the EKS add-on CoreDNS never becomes active: its pods reach no API server. "" for other add-ons."""
    row = cloud.get(tokens.CLUSTER, str(addon.get("clusterName")), region)
    if addon.get("addonName") != "coredns" or row is None:
        return ""
    cluster = cluster_of(cloud, row)
    view, pods = PolicyView(cluster), dns_pods()
    return (
        view.why_nothing_starts
        or view.why_cut(pods, api_server(cluster), 443)
        or view.why_cut(OWN_NODE, pods, _READY_PORT)
    )


def reach_of(cluster: Cluster, sources: Iterable[Source], targets: Iterable[Target]) -> list[Reach]:
    """Returns a row for each source and each port of each target: those that a Service or a container declares."""
    view = PolicyView(cluster)
    rows = []
    callers = list(sources)
    for target in targets:
        for port, protocol in _ports_of(target):
            for source in callers:
                cut = view.why_cut(source, target, port, protocol)
                unsupported = "; ".join(filter(None, map(view.why_unsupported, (source, target))))
                rows.append(Reach(str(source), str(target), port, protocol, cut, unsupported))
    return rows


def _ports_of(target: Target) -> list[tuple[int, str]]:
    if isinstance(target, Pod):
        return [(each.number, each.protocol) for each in target.ports]
    if isinstance(target, Service):
        return [(each.port, each.protocol) for each in target.ports]
    return list(target.ports)


class PolicyView:
    """The policies of a cluster, with what they speak of, at one moment. planned: what a preview makes counts too.

    enforcement: how the cluster keeps them; None where it does not. why_nothing_starts: as in Enforcement.
    """

    def __init__(self, cluster: Cluster, planned: Planned | None = None) -> None:
        self.enforcement = how = enforcement(cluster)
        self._policies = _latest(cluster, planned, *POLICY) if how else []
        self._policies += map(as_network_policy, _latest(cluster, planned, *APPLICATION)) if how else []
        made = (policy_of(cluster, each) for each in (_latest(cluster, planned, *COLLECTOR) if how else ()))
        self._policies += [each for each in made if each is not None]
        self._tiers = _latest(cluster, planned, *CLUSTER) if how and how.keeps_tiers else []
        self.why_nothing_starts = how.why_no_pod_starts if how else ""
        self._is_open = how is None or not (self._policies or self._tiers or how.strict or how.faulty)
        self._pods: list[Pod] = []
        if self._is_open:
            return
        self._pods, self._services = pods_of(cluster), list(services_of(cluster).values())
        self._subnets, self._nodes = pod_subnets(cluster), nodes(cluster)
        spaces = _latest(cluster, planned, "v1", "Namespace")
        self._namespaces = {str(each["metadata"]["name"]): each["metadata"].get("labels", {}) for each in spaces}
        self._numbers = {pod: number for number, pod in enumerate(dict.fromkeys(self._pods))}

    def why_cut(self, source: Source, target: Target, port: int, protocol: str = "TCP") -> str:
        """Returns why a call does not arrive: `why_cut` of this module."""
        if self.enforcement is None or source == target:
            return ""
        if isinstance(target, Service) and (port, protocol) not in _ports_of(target):
            return f"{target} has no port {port} of {protocol}"
        if self._is_open:
            return ""
        if isinstance(target, Service):
            return self._why_service_cut(source, target, port, protocol)
        return self._why_pod_cut(source, target, port, protocol)

    def _why_service_cut(self, source: Source, service: Service, port: int, protocol: str) -> str:
        found = next(each for each in service.ports if (each.port, each.protocol) == (port, protocol))
        headless = service.address is None
        if why := self._why_closed(source, "Egress", service, self._addresses(service), port, protocol):
            return why
        for pod in filter(service.has, self._pods):
            number = pod.port(found.target, protocol)
            if number is None or pod == source:
                continue
            if why := self._why_pod_cut(source, pod, number, protocol, judge_sender=headless):
                return why
        return ""

    def _why_pod_cut(
        self, source: Source, target: Pod | Place, port: int, protocol: str, *, judge_sender: bool = True
    ) -> str:
        if judge_sender and (
            why := self._why_closed(source, "Egress", target, self._addresses(target), port, protocol)
        ):
            return why
        return self._why_closed(target, "Ingress", source, self._addresses(source), port, protocol)

    def why_unsupported(self, subject: Target) -> str:
        """Returns why the CNI does not keep policies for pods as they are written; "" where it does."""
        if not isinstance(subject, Pod) or self.enforcement is None:
            return ""
        if subject.host_network:
            return f"{subject}: hostNetwork, so no policy holds for it"
        if subject.name and not subject.kind:
            return f"{subject}: it has no controller, and the CNI keeps policies for pods of controllers alone"
        own = self._selecting(subject)
        others = [str(each) for each in self._sharing(subject) if self._selecting(each) != own]
        return f"{subject}: it shares its rules with {', '.join(others)}, by name" if others else ""

    def _why_closed(
        self, pod: Target, type_: str, peer: Target, addresses: Collection[IPv4Address], port: int, protocol: str
    ) -> str:
        """Returns why a pod may not send to a peer, or receive from it. addresses: those of the peer."""
        if not isinstance(pod, Pod) or pod.host_network or self.enforcement is None:
            return ""
        alike = (pod, *self._sharing(pod))
        selecting = [policy for each in alike for policy in self._selecting(each)]
        tiers = [policy for policy in self._tiers if any(self._is_subject(policy, each) for each in alike)]
        direction, _, verb = _ENDS[type_]
        what = f"{pod} may not {verb} {protocol} {port} {'from' if type_ == 'Ingress' else 'to'} {peer}"
        if has_unknown([each["spec"] for each in tiers]):
            return ""
        tiered = [rule for policy in tiers for rule in self._tier_rules(policy, type_)]
        for tier in ("Admin", "Baseline") if tiered else ():
            if tier == "Baseline" and selecting:
                break
            actions = {each: action_of(tiered, tier, each, port, protocol) for each in addresses}
            for address in (each for each in addresses if actions[each] == "Deny"):
                deniers = ", ".join(sorted(str(each["metadata"]["name"]) for each in tiers))
                return f"{what}, {address}: a cluster network policy denies it, one of {deniers}"
            if addresses and not (addresses := [each for each in addresses if actions[each] == "Pass"]):
                return ""
        if not selecting:
            return self._why_unselected(what)
        if has_unknown([each["spec"] for each in selecting]):
            return ""
        rules = [rule for policy in selecting for rule in self._rules(policy, type_)]
        if not rules and not any(type_ in _types(policy) for policy in selecting):
            return ""
        names = sorted({f"{_namespace(each)}/{each['metadata']['name']}" for each in selecting})
        for address in addresses:
            if why := why_denied(rules, address, port, protocol):
                return f"{what}, {address}: {direction} of {', '.join(names)}: {why}"
        return ""

    def _is_subject(self, policy: Props, pod: Pod) -> bool:
        return bool(self._of_peer([pod], peer_of(policy["spec"]["subject"]), ""))

    def _tier_rules(self, policy: Props, type_: str) -> Iterator[TierRule]:
        spec = policy["spec"]
        for action, alone in rules_of(policy, *_ENDS[type_][:2]):
            if type_ == "Ingress" and not self._has_namespace(alone["spec"]["ingress"][0]["from"][0]):
                continue
            for rule in self._rules(alone, type_):
                yield TierRule(rule.block, (), rule.ports, spec["tier"], spec["priority"], action)

    def _has_namespace(self, first: Props) -> bool:
        """Tells whether the first peer of a rule names a namespace that is there: the controller reads no other's.

        Source: aws/amazon-network-policy-controller-k8s v1.1.7, clusternetworkpolicy_resolver (resolveCNPIngressRules).
        """
        names = {*self._namespaces, *_OF_KUBERNETES, *(pod.namespace for pod in self._with_callers)}
        return any(self._is_in(name, first, "") for name in names)

    def _why_unselected(self, what: str) -> str:
        if self.enforcement and self.enforcement.strict:
            return f"{what}: the VPC CNI is in strict mode, and no NetworkPolicy selects the pod"
        if self.enforcement and self.enforcement.faulty:
            return (
                f"{what}: no NetworkPolicy selects the pod, and the network policy agent of vpc-cni "
                f"{self.enforcement.version} takes all traffic from such pods when a node starts it before kube-proxy"
            )
        return ""

    def _addresses(self, subject: Target) -> tuple[IPv4Address, ...]:
        """Returns the addresses of a peer: of pods one in each subnet of pods, of those with hostNetwork the nodes'."""
        if isinstance(subject, Service):
            return (subject.address,) if subject.address else ()
        if isinstance(subject, Place):
            return subject.addresses
        if subject.host_network:
            return self._nodes.addresses
        if subject in self._numbers:
            number = self._numbers[subject]
        else:
            number = self._numbers[subject] = len(self._numbers)
        return tuple(block[(16 + number) % block.num_addresses] for block in self._subnets)

    def _selecting(self, pod: Pod) -> list[Props]:
        return [
            each
            for each in self._policies
            if _namespace(each) == pod.namespace and matches(Node(each["spec"])["podSelector"], pod.labels)
        ]

    def _sharing(self, pod: Pod) -> list[Pod]:
        """Returns the other pods that the agent does not tell apart from these."""
        key = self._identifier(pod)
        return [each for each in self._pods if each != pod and not each.host_network and self._identifier(each) == key]

    def _identifier(self, pod: Pod) -> str:
        """Returns what the agent calls a pod: its name without the last part, and its namespace."""
        name = pod.name.replace(".", "_")
        if pod.kind in ("", "Pod"):
            name = name.rpartition("-")[0] or name
        elif pod.kind in ("Deployment", "CronJob"):
            name = f"{name}-"  # and the hash of a ReplicaSet, or the number of a Job
        apart = self.enforcement is not None and self.enforcement.tells_namespaces_apart
        return f"{name}{'@' if apart else '-'}{pod.namespace}"

    def _rules(self, policy: Props, type_: str) -> Iterator[Rule]:
        direction, end, _ = _ENDS[type_]
        namespace = _namespace(policy)
        for rule in policy["spec"].get(direction) or ():
            ports, peers = rule.get("ports") or [], rule.get(end) or []
            known = self._ports_of_selected(policy, ports) if type_ == "Ingress" else _ports(None, ports)
            if not peers and (known or not ports):
                yield Rule(_EVERYWHERE, (), known)
            for peer in peers:
                if block := peer.get("ipBlock"):
                    if (known or not ports) and ":" not in block["cidr"]:
                        excepts = tuple(IPv4Network(each, strict=False) for each in block.get("except") or ())
                        yield Rule(IPv4Network(block["cidr"], strict=False), excepts, known)
                    continue
                for pod in self._of_peer(self._with_callers, peer, namespace):
                    own = known if type_ == "Ingress" else _ports(pod, ports)
                    if own or not ports:
                        for address in self._addresses(pod):
                            yield Rule(IPv4Network(address), (), own)
                if type_ == "Egress":
                    yield from self._rules_of_services(peer, namespace, ports)

    @property
    def _with_callers(self) -> list[Pod]:
        """The pods of the cluster, and those that were asked about."""
        return list(self._numbers)

    def _of_peer(self, pods: Iterable[Pod], peer: Props, namespace: str) -> list[Pod]:
        return [
            pod
            for pod in pods
            if self._is_in(pod.namespace, peer, namespace) and matches(Node(peer)["podSelector"], pod.labels)
        ]

    def _is_in(self, name: str, peer: Props, namespace: str) -> bool:
        selector, labels = peer.get("namespaceSelector"), self._namespaces.get(name, {})
        if selector is None:
            return name == namespace
        return labels is UNKNOWN or matches(Node(selector), {**labels, "kubernetes.io/metadata.name": name})

    def _ports_of_selected(self, policy: Props, ports: list[Props]) -> tuple[Ports, ...]:
        """Returns the ports of a rule for what comes in. A name is that of any pod that the policy selects."""
        if not any(isinstance(each.get("port"), str) for each in ports):
            return _ports(None, ports)
        selected = [pod for pod in self._with_callers if policy in self._selecting(pod)]
        return tuple({each for pod in selected for each in _ports(pod, ports)})

    def _rules_of_services(self, peer: Props, namespace: str, ports: list[Props]) -> Iterator[Rule]:
        """Yields what a peer opens of the addresses of Services."""
        for service in self._services:
            if service.address is None or not self._is_in(service.namespace, peer, namespace):
                continue
            if not matches(Node(peer)["podSelector"], service.selector):
                continue
            found = tuple(filter(None, (self._port_of_service(service, each, ports) for each in ports)))
            if found or not ports:
                yield Rule(IPv4Network(service.address), (), found)

    def _port_of_service(self, service: Service, given: Props, ports: list[Props]) -> Ports | None:
        """Returns the port of a Service whose target port a policy names; the last port of a range stays as it is."""
        port, protocol = given.get("port"), given.get("protocol", "TCP")
        if port is None:
            return Ports(protocol)
        pods = [pod for pod in self._with_callers if service.has(pod)]
        listens = next((each for each in service.ports if (each.target, each.protocol) == (port, protocol)), None)
        for pod in pods if listens is None else ():
            number = pod.port(port, protocol)
            name = next((each.name for each in pod.ports if (each.number, each.protocol) == (number, protocol)), "")
            targets = {number} | ({name} if name else set())
            listens = listens or next(
                (each for each in service.ports if number and each.target in targets and each.protocol == protocol),
                None,
            )
        if listens is None:
            return None
        numbers = {pod.port(listens.target, protocol) for pod in pods} - {None}
        if isinstance(port, int) and isinstance(listens.target, str):
            allowed = _ports(None, ports)
            if not all(any(each.has(number or 0, protocol) for each in allowed) for number in numbers):
                return None  # the name leads to a port of some pod that the policy does not name
        return Ports(protocol, listens.port, given.get("endPort") or 0)


def _latest(cluster: Cluster, planned: Planned | None, api_version: str, kind: str) -> list[Props]:
    """Returns the objects of a kind, as they are or as a preview makes or changes them."""
    stored = [row.state for row in cluster.of_kind(api_version, kind)]
    coming = planned.of_kind(cluster.place, api_version, kind) if planned else []
    named = [((_namespace(each), str(each["metadata"]["name"])), each) for each in (*stored, *coming)]
    return list(dict(named).values())


def _namespace(state: Props) -> str:
    return str(state["metadata"].get("namespace", "default"))


def _types(policy: Props) -> Collection[str]:
    """Returns the directions that a policy is about, with the API server's default."""
    given: list[str] = policy["spec"].get("policyTypes") or []
    by_default = ["Ingress", "Egress"] if policy["spec"].get("egress") else ["Ingress"]
    return given or (by_default if policy["kind"] == POLICY[1] else [])


def _ports(pod: Pod | None, ports: list[Props]) -> tuple[Ports, ...]:
    """Returns the ports of a rule, with names as a pod has them; without a pod, those without a name."""
    found = []
    for each in ports:
        port, protocol = each.get("port"), each.get("protocol", "TCP")
        number = port if not isinstance(port, str) else pod.port(port, protocol) if pod else None
        if port is None or number is not None:
            found.append(Ports(protocol, number or 0, each.get("endPort") or 0))
    return tuple(found)
