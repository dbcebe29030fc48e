"""Dangers of network policies: what opens, what is cut, and the switches of the CNI."""

import json
from typing import Any

import pytest

from components.isolation.flows_of import flows_of
from components.isolation.policies import Networks, network_policies
from report.dangers.danger import GRAVE, SERIOUS
from tests.components.stacks import stack
from tests.report.test_dangers import found, of, openings

Rules = dict[str, list[dict[str, Any]]]
METADATA_AND_VPC = ["10.0.0.0/16", "100.64.0.0/10", "172.20.0.0/16", "169.254.0.0/16"]
INTERNET = {"ipBlock": {"cidr": "0.0.0.0/0", "except": METADATA_AND_VPC}}
EVERYWHERE = {"ipBlock": {"cidr": "0.0.0.0/0"}}
LATER = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def pods_of(namespace: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}


def rule(end: str, *peers: dict[str, Any], ports: tuple[int, ...] = ()) -> dict[str, Any]:
    return {end: [*peers], **({"ports": [{"protocol": "TCP", "port": port} for port in ports]} if ports else {})}


def policy(before, after, namespace="inference", name="ml-platform", kept=False, **labels):
    """The step of a policy; before and after: its rules, None where it is not there."""

    def manifest(rules: Rules | None) -> dict[str, Any] | None:
        selector = {"matchLabels": labels} if labels else {}
        spec = {"podSelector": selector, "policyTypes": ["Ingress", "Egress"], **(rules or {})}
        return None if rules is None else {"metadata": {"name": name, "namespace": namespace}, "spec": spec}

    op = "same" if before == after else "update"
    kind = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
    more = {"retainOnDelete": True} if kept else {}
    return of(kind, manifest(before), manifest(after), f"main-isolation.{namespace}.{name}", op=op, **more)


def namespace(name: str = "inference", *, goes: bool = False, is_new: bool = False, **more: Any):
    here = {"metadata": {"name": name}}
    before, after = None if is_new else here, None if goes else here
    op = "same" if before and after else "update"
    return of("kubernetes:core/v1:Namespace", before, after, f"main-namespace-{name}", op=op, **more)


def closed(name: str):
    """The step of a policy that stays as it is."""
    return policy({}, {}, name)


def cni(before: dict[str, Any], after: dict[str, Any]):
    values = [
        {
            "addonName": "vpc-cni",
            "clusterName": "prod-main",
            "configurationValues": json.dumps({"enableNetworkPolicy": "true", **x}),
        }
        for x in (before, after)
    ]
    return of("aws:eks/addon:Addon", *values, "main-vpc-cni", op="same" if before == after else "update")


STRICT = {"env": {"NETWORK_POLICY_ENFORCING_MODE": "strict"}}


def test_policies_that_stay_are_no_danger():
    rules = {
        "ingress": [rule("from", pods_of("agents"), ports=(8000,))],
        "egress": [rule("to", INTERNET, ports=(443,))],
    }
    assert found(namespace(), policy(rules, rules), cni(STRICT, STRICT)) == []


def test_isolation_that_goes_opens_its_namespaces_in_one_sentence():
    names = ("inference", "agents")
    (danger,) = found(*map(namespace, names), *(policy({}, None, name) for name in names))
    assert danger.opening == "no longer closed by a network policy: agents, inference"
    assert (danger.severity, danger.kind) == (GRAVE, "protection")
    assert len(danger.urns) == 2


def test_policies_of_some_pods_alone_leave_the_namespace_open():
    labelled = policy({}, {}, "inference", "chat", app="chat")
    assert openings(namespace(), policy({}, None), labelled) == ["no longer closed by a network policy: inference"]


def test_a_namespace_that_goes_opens_nothing_and_one_that_stays_does():
    assert openings(namespace(goes=True), policy({}, None)) == ["Namespace main-namespace-inference deleted"]
    kept = openings(namespace(goes=True, retainOnDelete=True), policy({}, None))
    assert "no longer closed by a network policy: inference" in kept
    stays = policy({}, None, kept=True)
    assert openings(namespace(goes=True, retainOnDelete=True), stays) == [], "its policy stays with it"


def test_isolation_in_a_live_cluster_cuts_what_is_not_named():
    (danger,) = found(namespace(), namespace("agents"), policy(None, {}), policy(None, {}, "agents"))
    assert danger.opening == "agents, inference are closed, but for what the stack file names"
    assert (danger.severity, danger.kind) == (SERIOUS, "access")
    assert "isolation.clusters" in danger.gently
    assert found(namespace(is_new=True), policy(None, {})) == [], "nobody calls there yet"


def test_a_range_that_is_left_out_of_the_internet_or_no_longer_is_told():
    def outside(*more: str) -> Rules:
        block = {"cidr": "0.0.0.0/0", "except": [*METADATA_AND_VPC, *more]}
        return {"egress": [rule("to", {"ipBlock": block}, ports=(443,))]}

    company = "192.168.0.0/16"
    (opens,) = found(namespace(), policy(outside(company), outside()))
    assert (opens.opening, opens.severity) == (f"pods of inference may call {company} on 443", GRAVE)
    (cuts,) = found(namespace(), policy(outside(), outside(company)))
    assert (cuts.opening, cuts.severity) == (f"pods of inference may no longer call {company} on 443", SERIOUS)
    wider_cut = openings(namespace(), policy(outside(company), outside("192.0.0.0/8")))
    assert wider_cut == ["pods of inference may no longer call 192.0.0.0/8 on 443"], "more is cut, nothing opens"
    named = {"egress": [*outside(company)["egress"], rule("to", {"ipBlock": {"cidr": company}}, ports=(443,))]}
    assert [each for each in openings(namespace(), policy(outside(), named)) if "no longer" in each] == []
    into = {"ingress": [rule("from", INTERNET, ports=(443,))]}
    wider = {
        "ingress": [rule("from", {"ipBlock": {"cidr": "0.0.0.0/0", "except": METADATA_AND_VPC[1:]}}, ports=(443,))]
    }
    assert openings(namespace(), policy(into, wider)) == ["10.0.0.0/16 may call pods of inference on 443"]


def test_a_caller_that_is_opened_is_told_and_one_that_is_dropped_too():
    one = {"ingress": [rule("from", pods_of("agents"), ports=(8000,))]}
    two = {"ingress": [*one["ingress"], rule("from", pods_of("lab"), ports=(8000, 9000))]}
    (danger,) = found(namespace(), policy(one, two))
    assert (danger.opening, danger.severity) == ("lab may call pods of inference on 8000, 9000", SERIOUS)
    assert openings(namespace(), policy(two, one)) == ["lab may no longer call pods of inference on 8000, 9000"]
    gone = namespace("lab", goes=True)
    told = openings(namespace(), gone, policy(two, one))
    assert told == ["Namespace main-namespace-lab deleted"], "its calls end with it"


def test_a_call_between_closed_namespaces_is_told_by_the_one_that_is_called():
    into_chat = {"ingress": [rule("from", pods_of("agents"), ports=(8000,))]}
    to_chat = {"egress": [rule("to", pods_of("inference"), ports=(8000,))]}
    steps = policy({}, into_chat), policy({}, to_chat, "agents")
    assert openings(*steps) == ["agents may call pods of inference on 8000"]
    assert openings(policy({}, to_chat, "agents")) == ["pods of agents may call inference on 8000"], "it is not closed"


def test_what_changes_for_all_pods_is_told_once():
    rules = {"ingress": [rule("from", pods_of("agents"))]}
    steps = policy({}, rules), policy({}, {}, "inference", "chat", app="chat")
    assert openings(*steps) == ["agents may call pods of inference on every port"]


def test_a_policy_of_some_pods_that_comes_opens_them_alone():
    rules = {"ingress": [rule("from", pods_of("agents"), ports=(8000,))]}
    new = policy(None, rules, "inference", "chat", app="chat")
    assert openings(closed("inference"), new) == ["agents may call pods of inference with app=chat on 8000"]
    gone = policy(rules, None, "inference", "chat", app="chat")
    assert openings(closed("inference"), gone) == ["agents may no longer call pods of inference with app=chat on 8000"]
    renamed = policy(rules, None, "inference", "a", app="chat"), policy(None, rules, "inference", "b", app="chat")
    assert openings(closed("inference"), *renamed) == [], "the same pods have the same flows"


@pytest.mark.parametrize(
    ("before", "after", "told", "severity"),
    [
        ([], [rule("to", INTERNET, ports=(443,))], "pods of inference may call the internet on 443", SERIOUS),
        ([rule("to", INTERNET, ports=(443,))], [], "pods of inference may no longer call the internet on 443", SERIOUS),
        (
            [rule("to", INTERNET, ports=(443,))],
            [rule("to", EVERYWHERE, ports=(443,))],
            "pods of inference may call 0.0.0.0/0 on 443",
            GRAVE,
        ),
        (
            [],
            [rule("to", {"ipBlock": {"cidr": "10.200.0.0/16"}}, ports=(5432,))],
            "pods of inference may call 10.200.0.0/16 on 5432",
            SERIOUS,
        ),
        (
            [rule("to", {"ipBlock": {"cidr": "10.200.0.0/16"}}, ports=(5432,))],
            [rule("to", {"ipBlock": {"cidr": "10.200.1.0/24"}}, ports=(5432,))],
            "pods of inference may no longer call 10.200.0.0/16 on 5432",
            SERIOUS,
        ),
        (
            [rule("to", INTERNET, ports=(443,))],
            [rule("to", {"ipBlock": {"cidr": "0.0.0.0/0", "except": METADATA_AND_VPC[1:]}}, ports=(443,))],
            "pods of inference may call 10.0.0.0/16 on 443",
            GRAVE,
        ),
    ],
)
def test_what_pods_reach_outside_is_told(before, after, told, severity):
    dangers = found(policy({"egress": before}, {"egress": after}))
    assert [(each.opening, each.severity) for each in dangers] == [(told, severity)]


@pytest.mark.parametrize(
    ("peer", "who"), [({"namespaceSelector": {}}, "every namespace"), (EVERYWHERE, "0.0.0.0/0"), (None, "0.0.0.0/0")]
)
def test_a_policy_that_lets_everybody_in_is_grave(peer, who):
    rules = {"ingress": [rule("from", *([peer] if peer else []))]}
    (danger,) = found(policy({}, rules))
    assert (danger.opening, danger.severity) == (f"{who} may call pods of inference on every port", GRAVE)


def test_fewer_ports_of_all_are_fewer():
    every_port, one = ({"ingress": [rule("from", pods_of("agents"), ports=ports)]} for ports in ((), (8000,)))
    assert openings(policy(every_port, one)) == ["agents may no longer call pods of inference on every port"]
    assert openings(policy(one, every_port)) == ["agents may call pods of inference on every port"]


def test_a_range_that_is_known_later_is_no_danger():
    known, later = (
        {"egress": [rule("to", {"ipBlock": {"cidr": cidr}}, ports=(443,))]} for cidr in ("172.20.0.1/32", LATER)
    )
    assert found(policy(known, later)) == []
    without = {"egress": [rule("to", {"ipBlock": {"cidr": "0.0.0.0/0", "except": [LATER]}}, ports=(443,))]}
    assert found(policy({"egress": [rule("to", INTERNET, ports=(443,))]}, without)) == []


def test_an_add_on_in_kube_system_that_comes_or_goes_is_no_danger():
    name = {"app.kubernetes.io/name": "karpenter"}
    other = policy({}, {}, "kube-system", "controller", app="controller")
    rules = {"ingress": [rule("from", pods_of("monitoring"), ports=(8080,))]}
    assert found(other, policy(rules, None, "kube-system", "karpenter", **name)) == []
    assert found(other, policy(None, rules, "kube-system", "karpenter", **name)) == []
    assert openings(other, policy({}, rules, "kube-system", "karpenter", **name)) == [
        "monitoring may call pods of kube-system with app.kubernetes.io/name=karpenter on 8080"
    ]


def test_the_policy_that_leaves_kube_system_open_closes_nothing_when_it_goes():
    open_to_all: Rules = {"ingress": [{}], "egress": [{}]}
    assert found(policy(open_to_all, None, "kube-system")) == []
    assert found(namespace("kube-system"), policy(None, open_to_all, "kube-system")) == []
    closed_there = policy({}, None, "kube-system", "controller", app="controller")
    assert openings(closed_there) == ["no longer closed by a network policy: kube-system"]


def test_the_switches_of_the_cni_are_told():
    (danger,) = found(cni(STRICT, {}))
    assert danger.opening == "new pods of prod-main reach everybody until their policies are there"
    assert danger.kind == "protection"
    assert openings(cni({}, STRICT)) == ["pods of prod-main that no network policy selects reach nobody"]
    (danger,) = found(cni({}, {"enableNetworkPolicy": "false"}))
    assert (danger.opening, danger.severity) == ("network policies of prod-main are kept no longer", GRAVE)
    assert found(cni({"enableNetworkPolicy": "false"}, {})) == []


NETWORKS = Networks(
    vpc="10.0.0.0/16",
    pods="100.64.0.0/10",
    services="172.20.0.0/16",
    api_server="172.20.0.1/32",
    connected=[],
    control_plane=["10.0.0.0/24"],
    private=["10.0.4.0/22"],
    public=["10.0.1.0/24"],
    endpoints=True,
)
OPEN = {"namespace": "inference", "pods": {"app": "chat"}, "ports": [8000], "callers": ["agents"]}


def teams(network: dict[str, Any] | None = None, **more: Any) -> dict[tuple[str, str], Any]:
    """The policies of a stack with two teams, by namespace and name. network: of the first one."""
    serving = {"name": "serving", "namespaces": ["inference"], "network": network or {}}
    of_stack = stack(isolation={}, teams=[serving, {"name": "agents", "namespaces": ["agents"]}], **more)
    return {
        (name, manifest["metadata"]["name"]): manifest
        for name, flows in flows_of(of_stack, "main").items()
        for manifest in network_policies(name, flows, NETWORKS)
    }


def edited(before: dict[tuple[str, str], Any], after: dict[tuple[str, str], Any]) -> list[str]:
    """What is told of an edit of the stack file."""
    keys = sorted(before.keys() | after.keys())
    assert before != after, "the edit changes policies"
    steps = [
        of("kubernetes:networking.k8s.io/v1:NetworkPolicy", before.get(key), after.get(key), ".".join(key), op=op)
        for key in keys
        for op in ["same" if before.get(key) == after.get(key) else "update"]
    ]
    return openings(namespace("inference"), namespace("agents"), *steps)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {"open": [OPEN]}, ["agents may call pods of inference with app=chat on 8000"]),
        ({"open": [OPEN]}, {}, ["agents may no longer call pods of inference with app=chat on 8000"]),
        ({}, {"internet": False}, ["pods of inference may no longer call the internet on 443"]),
        ({"internet": False}, {}, ["pods of inference may call the internet on 443"]),
        (
            {},
            {"ranges": [{"cidr": "203.0.113.0/24", "ports": [5432]}]},
            ["pods of inference may call 203.0.113.0/24 on 5432"],
        ),
    ],
)
def test_an_edit_of_a_teams_network_is_one_sentence(before, after, told):
    assert edited(teams(before), teams(after)) == told


def test_an_edit_of_the_callers_of_the_mesh_is_told_with_the_port_of_proxies():
    service = {"namespace": "inference", "service": "chat", "port": 80, "pods": {"app": "chat"}}
    caller = {"namespace": "agents", "service_account": "gateway"}
    without, with_callers = (
        teams(mesh={"namespaces": ["inference", "agents"], "services": {"chat": {**service, "callers": callers}}})
        for callers in ([], [caller])
    )
    assert edited(without, with_callers) == ["agents may call pods of inference with app=chat on 4143"]


OF_ALL: dict[str, Any] = {"namespaces": {}}


def of_cluster(before: str | None, after: str | None, **changed: Any):
    """The step of a cluster network policy. before, after: the action of its rule, None where it is not there."""

    def manifest(action: str | None, **spec: Any) -> dict[str, Any] | None:
        rules = [{"action": action, "from": [OF_ALL]}] if action else []
        about = {"tier": "Admin", "priority": 1, "subject": OF_ALL, "ingress": rules, **spec}
        return None if action is None else {"metadata": {"name": "all"}, "spec": about}

    old, new = manifest(before), manifest(after, **changed)
    kind = "kubernetes:networking.k8s.aws/v1alpha1:ClusterNetworkPolicy"
    return of(kind, old, new, "all", op="same" if old == new else "update")


OPENS, CUTS = "cluster network policy all lets more calls pass", "cluster network policy all cuts calls"


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, "Accept", [OPENS]),
        ("Accept", "Accept", []),
        ("Accept", "", [CUTS]),
        ("", "Deny", [CUTS]),
        ("Deny", "", [OPENS]),
        ("", "Pass", [OPENS, CUTS]),
        ("Accept", "Deny", [CUTS]),
    ],
)
def test_a_cluster_network_policy_decides_before_those_of_namespaces(before, after, told):
    found_here = found(of_cluster(before, after))
    assert [each.opening for each in found_here if "cluster network" in each.opening] == told
    assert all(each.severity == (GRAVE if each.opening == OPENS else SERIOUS) for each in found_here)


@pytest.mark.parametrize(
    "spec", [{"tier": "Baseline"}, {"priority": 2}, {"subject": {"namespaces": {"matchLabels": {}}}}]
)
def test_where_and_when_a_rule_holds_decides_as_well(spec):
    assert len(found(of_cluster("Accept", "Accept", **spec))) == 2


def test_a_policy_for_applications_opens_like_any_other():
    rules = {"egress": [rule("to", pods_of("monitoring"), {"domainNames": ["example.com"]}, ports=(443,))]}
    more = {"metadata": {"name": "more", "namespace": "inference"}, "spec": {"podSelector": {}, **rules}}
    kind = "kubernetes:networking.k8s.aws/v1alpha1:ApplicationNetworkPolicy"
    told = openings(namespace(), closed("inference"), of(kind, None, more, "more", op="create"))
    assert told == ["pods of inference may call monitoring on 443"]
