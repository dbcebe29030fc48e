"""Each mistake that `isolation` and `network` of a team can have is reported at its path, with advice."""

from typing import Any

import pytest

from tests.settings.stacks import problems, stack

OPEN = {"namespace": "inference", "pods": {"app": "chat"}, "ports": [8000], "callers": ["agents"]}
CNI = ("clusters", "main", "managed_addons", "vpc-cni")
GATEWAY = (("network", "transit_gateway"), {"id": "tgw-0123456789abcdef0", "cidrs": ["10.200.0.0/16"]})
VPC = (("network", "cidr"), "10.20.0.0/16")
BUCKET = {"purpose": "models", "used_by": [{"namespace": "inference", "service_account": "server"}]}
HOME = {"purpose": "shared", "used_by": [{"namespace": "lab"}]}
STRICT = (("isolation",), {"mode": "strict"})
Change = tuple[tuple[Any, ...], Any]


def teams(**network: Any) -> Change:
    own = {"name": "serving", "namespaces": ["inference", "more"], "network": network}
    return ("teams",), [own, {"name": "agents", "namespaces": ["agents"]}]


def opened(**changes: Any) -> Change:
    return teams(open=[{**OPEN, **changes}])


def near(cidr: str, *ports: int) -> Change:
    return teams(ranges=[{"cidr": cidr, "ports": list(ports or [5432])}])


def cni(**values: Any) -> Change:
    return (*CNI, "configuration"), values


def of_chart(**values: Any) -> Change:
    return ("clusters", "main", "addons", "cert-manager"), {"values": values}


OWN_POLICY = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "x"}}
CONFIGURATION = "clusters.main.managed_addons.vpc-cni.configuration."
WRITTEN, VALUES = "teams[0].network.", "clusters.main.addons.cert-manager.values."
MISTAKES: dict[str, tuple[list[Change], str, str]] = {
    # what is wrong: (what the stack file says besides, the path of the problem, the end of the message)
    "cluster that is not there": ([(("isolation",), {"clusters": ["mian"]})], "isolation.clusters[0]", "mean main?"),
    "no cluster": ([(("isolation",), {"clusters": []})], "isolation.clusters", "Add one, or drop it."),
    "cluster twice": ([(("isolation",), {"clusters": ["main", "main"]})], "isolation.clusters", "Name each once."),
    "policies that nobody keeps": (
        [cni(enableNetworkPolicy="false")],
        "clusters.main.managed_addons.vpc-cni.configuration.enableNetworkPolicy",
        "they would be stored, and kept by nobody. Drop it.",
    ),
    "a switch that is no text": (
        [cni(enableNetworkPolicy=True)],
        "clusters.main.managed_addons.vpc-cni.configuration.enableNetworkPolicy",
        "they would be stored, and kept by nobody. Drop it.",
    ),
    "an agent that looks for IPv6": (
        [cni(nodeAgent={"enableIpv6": "true"})],
        "clusters.main.managed_addons.vpc-cni.configuration.nodeAgent.enableIpv6",
        "it ends, and no node gets ready. Drop it.",
    ),
    "no agent": (
        [cni(nodeAgent={"enabled": False})],
        "clusters.main.managed_addons.vpc-cni.configuration.nodeAgent.enabled",
        "takes away the agent that keeps network policies. Drop it.",
    ),
    "logs for which the agent has no rights": (
        [cni(nodeAgent={"enableCloudWatchLogs": "true"})],
        f"{CONFIGURATION}nodeAgent.enableCloudWatchLogs",
        "with policy event logs it ends, and no pod starts. Drop it.",
    ),
    "an agent with a table that is too large": (
        [cni(nodeAgent={"conntrackCacheTableSize": 2_000_000})],
        f"{CONFIGURATION}nodeAgent.conntrackCacheTableSize",
        "without which the agent ends, and no pod starts. Drop it.",
    ),
    "interfaces of pods that the agent does not know": (
        [cni(env={"AWS_VPC_K8S_CNI_VETHPREFIX": "pod"})],
        f"{CONFIGURATION}env.AWS_VPC_K8S_CNI_VETHPREFIX",
        "looks for those of the name eni: no pod starts. Drop it.",
    ),
    "a plugin that takes the place of the agent": (
        [cni(env={"ENABLE_BANDWIDTH_PLUGIN": "true"})],
        f"{CONFIGURATION}env.ENABLE_BANDWIDTH_PLUGIN",
        "so network policies are not kept. Drop it.",
    ),
    "mode beside isolation.mode": (
        [cni(env={"NETWORK_POLICY_ENFORCING_MODE": "strict"})],
        "clusters.main.managed_addons.vpc-cni.configuration.env.NETWORK_POLICY_ENFORCING_MODE",
        "CoreDNS among them. Drop it.",
    ),
    "agent that cuts off pods when a node boots": (
        [((*CNI, "version"), "v1.21.1-eksbuild.8")],
        "clusters.main.managed_addons.vpc-cni.version",
        "from `aws eks describe-addon-versions --addon-name vpc-cni`.",
    ),
    "strict, and pods of an EKS add-on that no policy selects": (
        [STRICT, (("storage", "buckets"), {"models": {**BUCKET, "mount": True}}), teams()],
        "isolation.mode",
        "Write mode: standard, or drop what needs the add-on.",
    ),
    "strict, and a namespace without a team": (
        [STRICT, (("storage", "file_systems"), {"home": HOME})],
        "isolation.mode",
        "Give it to a team, or write mode: standard.",
    ),
    "a policy of the chart's own": (
        [of_chart(webhook={"networkPolicy": {"enabled": True}})],
        f"{VALUES}webhook.networkPolicy",
        "opens more than the flows of the add-on. Drop it.",
    ),
    "the same, by a text that templates take as true": (
        [of_chart(networkPolicy={"enabled": "false"})],
        f"{VALUES}networkPolicy",
        "Drop it.",
    ),
    "a policy among the objects of a chart": (
        [of_chart(extraObjects=[{"kind": "ConfigMap"}, OWN_POLICY])],
        f"{VALUES}extraObjects[1]",
        "Drop it.",
    ),
    "a cluster network policy among them, as text": (
        [of_chart(extraObjects=["{apiVersion: networking.k8s.aws/v1alpha1, kind: ClusterNetworkPolicy}"])],
        f"{VALUES}extraObjects[0]",
        "Drop it.",
    ),
    "policies of the chart's own": (
        [of_chart(networkPolicies={"create": True})],
        f"{VALUES}networkPolicies",
        "Drop it.",
    ),
    "the same, spelt without capitals": ([of_chart(networkpolicy=True)], f"{VALUES}networkpolicy", "Drop it."),
    "a policy as a text of lines": (
        [of_chart(extraObjects=["apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy  # mine\nspec: {}\n"])],
        f"{VALUES}extraObjects[0]",
        "Drop it.",
    ),
    "a policy as a text of JSON": (
        [of_chart(extraObjects=['{\n  "metadata": {"name": "x"},\n  "kind": "NetworkPolicy",\n  "spec": {}\n}'])],
        f"{VALUES}extraObjects[0]",
        "Drop it.",
    ),
    "a policy in one line, after what has braces": (
        [of_chart(extraObjects=["{metadata: {name: x}, kind: 'NetworkPolicy', spec: {}}"])],
        f"{VALUES}extraObjects[0]",
        "Drop it.",
    ),
    "network of a team where nothing is closed": (
        [(("isolation",), None), opened()],
        "teams[0].network",
        "Write `isolation: {}`, or drop it.",
    ),
    "namespace of another team": (
        [opened(namespace="agents", callers=["cert-manager"])],
        f"{WRITTEN}open[0].namespace",
        "which has inference, more. Name one of them.",
    ),
    "own namespace as caller": (
        [opened(callers=["more"])],
        f"{WRITTEN}open[0].callers[0]",
        "and these always reach each other. Drop it.",
    ),
    "caller that is not there": (
        [opened(callers=["agent"])],
        f"{WRITTEN}open[0].callers[0]",
        "Did you mean agents? Add it to the namespaces of a team, or drop it.",
    ),
    "caller twice": ([opened(callers=["agents", "agents"])], f"{WRITTEN}open[0].callers", "Name each once."),
    "port twice": ([opened(ports=[80, 80])], f"{WRITTEN}open[0].ports", "80 is named twice. Name each once."),
    "port that is none": ([opened(ports=[0])], f"{WRITTEN}open[0].ports[0]", ""),
    "label that no pod has": ([opened(pods={"app": "chat bot"})], f"{WRITTEN}open[0].pods", "leave it empty."),
    "more ports than the agent keeps": (
        [teams(open=[{**OPEN, "ports": [*range(1, 14)]}, {**OPEN, "pods": {}, "ports": [*range(20, 33)]}])],
        f"{WRITTEN}open[0].ports",
        "Name fewer.",
    ),
    "range that is none": ([near("company")], f"{WRITTEN}ranges[0].cidr", "for example 10.0.0.0/16."),
    "range with host bits": ([GATEWAY, near("10.200.8.1/24")], f"{WRITTEN}ranges[0].cidr", "Write 10.200.8.0/24."),
    "every address": ([near("0.0.0.0/0")], f"{WRITTEN}ranges[0].cidr", "port 443 of the internet is `internet: true`."),
    "credentials of the node": ([near("169.254.169.254/32")], f"{WRITTEN}ranges[0].cidr", "without them."),
    "a range around them": ([near("168.0.0.0/6")], f"{WRITTEN}ranges[0].cidr", "without them."),
    "range of nodes": ([VPC, near("10.20.128.0/24")], f"{WRITTEN}ranges[0].cidr", "or a range without them."),
    "half of the VPC": ([VPC, near("10.20.0.0/17")], f"{WRITTEN}ranges[0].cidr", "or a range without them."),
    "nodes, in a network that is wider": (
        [VPC, (GATEWAY[0], {**GATEWAY[1], "cidrs": ["10.0.0.0/8"]}), near("10.20.128.0/24")],
        f"{WRITTEN}ranges[0].cidr",
        "or a range without them.",
    ),
    "range of pods": ([near("100.64.7.0/24")], f"{WRITTEN}ranges[0].cidr", "or a range without them."),
    "range of Services": ([near("172.20.0.0/24")], f"{WRITTEN}ranges[0].cidr", "or a range without them."),
    "network that nothing is connected to": (
        [GATEWAY, near("10.201.0.0/16")],
        f"{WRITTEN}ranges[0].cidr",
        "or name a range inside of them.",
    ),
    "half of the internet": ([near("0.0.0.0/1")], f"{WRITTEN}ranges[0].cidr", "without them."),
    "more ports of a range than the agent keeps": (
        [near("203.0.113.0/24", *range(1, 25))],
        f"{WRITTEN}ranges[0].ports",
        "Name fewer.",
    ),
    "bucket that is in the internet": (
        [teams(internet=False), (("storage", "buckets"), {"models": BUCKET})],
        f"{WRITTEN}internet",
        "read it as a folder, or drop internet.",
    ),
}
RIGHT: dict[str, list[Change]] = {
    "strict": [STRICT, teams()],
    "an agent with a large table": [cni(nodeAgent={"conntrackCacheTableSize": 1024 * 1024})],
    "no policy of the chart's own": [of_chart(networkPolicy={"enabled": False}, extraObjects=[{"kind": "ConfigMap"}])],
    "labels and texts with such a name": [
        of_chart(
            podLabels={"networkpolicy": "mine"},
            webhook={"podAnnotations": {"networkPolicy": "none"}, "nodeSelector": {"networkpolicy": "x"}},
            extraObjects=[{"kind": "ConfigMap", "data": {"readme": "An object of kind: NetworkPolicy closes pods."}}],
        )
    ],
    "policies of a chart where nothing is closed": [(("isolation",), None), of_chart(networkPolicy={"enabled": True})],
    "mode as isolation says": [STRICT, cni(env={"NETWORK_POLICY_ENFORCING_MODE": "strict"})],
    "others, an add-on and kube-system may call": [opened(callers=["agents", "cert-manager", "kube-system"])],
    "as many ports as the agent keeps": [opened(ports=[*range(1, 25)])],
    "many ports of different pods": [
        teams(open=[{**OPEN, "ports": [*range(1, 14)]}, {**OPEN, "pods": {"app": "b"}, "ports": [*range(20, 33)]}])
    ],
    "part of the company": [GATEWAY, near("10.200.8.0/24")],
    "the whole company, with the VPC in it": [
        VPC,
        (GATEWAY[0], {**GATEWAY[1], "cidrs": ["10.0.0.0/8"]}),
        near("10.0.0.0/8"),
    ],
    "databases in the free part of the VPC": [VPC, near("10.20.64.0/24")],
    "addresses of the internet": [teams(internet=False, ranges=[{"cidr": "203.0.113.0/24", "ports": [443]}])],
    "mounted bucket without the internet": [
        teams(internet=False),
        (("storage", "buckets"), {"models": {**BUCKET, "mount": True}}),
    ],
    "bucket of another team": [
        teams(internet=False),
        (("storage", "buckets"), {"models": {**BUCKET, "used_by": [{"namespace": "agents", "service_account": "a"}]}}),
    ],
}


def written(changes: list[Change]) -> dict[str, Any]:
    addons: Change = (("clusters", "main", "addons"), {"cert-manager": {}})
    return stack((("isolation",), {}), addons, *changes)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_reported_at_its_path_with_a_way_out(name: str) -> None:
    changes, path, end = MISTAKES[name]
    found = [problem for problem in problems(written(changes)) if problem.path == path]
    assert found, [str(each) for each in problems(written(changes))]
    assert found[0].message.endswith(end), found[0].message


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_taken(name: str) -> None:
    assert problems(written(RIGHT[name])) == ()


def test_a_wrong_isolation_hides_that_a_network_does_nothing() -> None:
    (problem,) = problems(written([(("isolation",), {"mode": "strikt"}), opened()]))
    assert problem.path == "isolation.mode", "who mends it has isolation"
