"""Rules that join the ranges of several network policies name those that add something, in little time."""

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from time import process_time
from typing import Any

import pytest

from common.values import UNKNOWN
from policies.network_policies import MOST_SETS, Opening, completed, mostly_in
from policies.rule import Sample, StackCase, StackRule
from tests.policies.policy_harness import ALL, check_stack, findings

CLUSTER = Sample("aws:eks/cluster:Cluster", {"kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16"}})
OPEN, LITTLE, ELSEWHERE = ["172.20.0.0/17", "172.20.128.0/17"], ["172.20.0.10/32"], "10.200.0.0/24"
QUARTERS = ["172.20.0.0/18", "172.20.64.0/18"]
VALUES = [f"value-{number}" for number in range(8)]


def of(cidr: str, *lists: tuple[str, Sequence[str]]) -> Sample:
    """Returns a policy for a range. lists: labels, with the values that its pods may have."""
    expressions = [{"key": key, "operator": "In", "values": [*values]} for key, values in lists]
    egress = [{"to": [{"ipBlock": {"cidr": cidr}}]}]
    spec: dict[str, Any] = {"podSelector": {"matchExpressions": expressions}, "egress": egress}
    return Sample("kubernetes:networking.k8s.io/v1:NetworkPolicy", {"metadata": {"namespace": "lab"}, "spec": spec})


def found(policies: dict[str, Sample], rule_id: str = "net-policy-ranges") -> list[str]:
    """Returns the names of the policies that a rule finds."""
    rule = ALL[rule_id]
    assert isinstance(rule, StackRule)
    return [each.urn.rpartition("::")[2] for each in check_stack(rule, StackCase({**policies, "cluster": CLUSTER}))]


def test_a_policy_that_adds_nothing_to_a_wrong_one_is_not_named() -> None:
    assert found({cidr: of(cidr) for cidr in ("172.20.0.0/16", *LITTLE)}) == ["172.20.0.0/16"]
    assert found({cidr: of(cidr) for cidr in OPEN}) == OPEN, "each half is as good as all"


@pytest.mark.parametrize("several", [False, True], ids=["a list for each policy", "all lists for each"])
def test_many_lists_of_labels_take_little_time_and_hide_no_opening(several: bool) -> None:
    keys = [f"label-{number}" for number in range(5)]
    cidrs = [QUARTERS[0], ELSEWHERE, ELSEWHERE, ELSEWHERE, QUARTERS[1]]
    lists = [[(key, VALUES) for key in keys] if several else [(key, VALUES)] for key in keys]
    policies = {f"policy-{number}": of(cidr, *lists[number]) for number, cidr in enumerate(cidrs)}
    begin = process_time()
    assert found(policies) == ["policy-4"], "pods that have a value of each label reach half of the Services"
    assert process_time() - begin < 1, "a preview that waits for minutes is one that people turn off"


def test_sets_of_labels_are_told_apart_up_to_the_bound_and_count_together_beyond_it() -> None:
    def parts(others: int) -> dict[str, Sample]:
        apps = {f"app-{number}": of(ELSEWHERE, ("app", [f"app-{number}"])) for number in range(others)}
        return {"first": of(QUARTERS[0], ("app", ["chat"])), **apps, "last": of(QUARTERS[1], ("app", ["search"]))}

    assert found(parts(MOST_SETS - 1)) == [], "no pod has both labels"
    assert found(parts(MOST_SETS)) == ["last"], "what cannot be told apart is judged as the same pods"


def test_beyond_the_bound_each_policy_with_a_part_is_named_so_that_a_waiver_of_one_hides_none() -> None:
    lists = {f"other-{number}": of(ELSEWHERE, (f"label-{number}", VALUES)) for number in range(4)}
    quarters = {
        f"quarter-{number}": of(f"172.20.{64 * number}.0/18", ("app", [f"app-{number}"])) for number in range(3)
    }
    outside = {"outside": of(ELSEWHERE, ("app", ["search"]))}
    assert found({**lists, **quarters, **outside}) == ["quarter-1", "quarter-2"]


def test_a_policy_that_opens_a_range_to_some_pods_hides_none_that_open_it_to_all() -> None:
    others = {"half": of("172.20.0.0/18"), "other half": of("172.20.64.0/18")}
    assert found({"chat": of("172.20.0.0/16", ("app", ["chat"])), **others}) == ["chat", "other half"]
    assert found(others) == ["other half"], "a waiver of the first leaves the two"


def _selects(opening: Opening, pod: Mapping[str, str]) -> bool:
    return any(labels.items() <= pod.items() for labels in opening.pods)


def _stacks(number: int) -> Iterator[list[Opening]]:
    """Yields random openings of parts of a range, to pods by three labels with two values each."""
    chosen = random.Random(18)
    begin = 100 * 2**24 + 64 * 2**16
    for _ in range(number):
        yield [
            Opening(
                [(4, begin + part * 2048, begin + part * 2048 + 2047) for part in chosen.sample(range(32), 6)],
                [("TCP", 443, 443)],
                [{key: chosen.choice("12") for key in "abc" if chosen.random() < 0.4} for _ in range(2)],
            )
            for _ in range(chosen.randint(2, 7))
        ]


def test_who_completes_a_range_is_named_as_a_judge_of_every_pod_says() -> None:
    ranges, named = ["100.64.0.0/16"], 0
    values = product("12-", repeat=3)
    pods = [{key: value for key, value in zip("abc", one, strict=True) if value != "-"} for one in values]
    for *earlier, last in _stacks(600):
        completes = False
        for pod in (each for each in pods if _selects(last, each)):
            before = [span for one in earlier if _selects(one, pod) for span in one.spans]
            completes |= bool(mostly_in([*last.spans, *before], ranges) and not mostly_in(before, ranges))
        assert bool(completed(last, earlier, ranges)) is completes
        named += completes
    assert 100 < named < 500, "stacks of both kinds are judged"


def test_a_cluster_policy_with_a_value_that_is_known_later_does_not_hide_the_next_one() -> None:
    kind = "kubernetes:networking.k8s.aws/v1alpha1:ClusterNetworkPolicy"
    wrong = {"spec": {"subject": {"namespaces": {}}, "egress": [{"action": "Deny", "to": [{"namespaces": {}}]}]}}
    policies = {
        "later": Sample(kind, {"spec": {"egress": UNKNOWN}}),
        "a list": Sample(f"{kind}List", {"items": [wrong]}),
        "also later": Sample(f"{kind}List", {"items": UNKNOWN}),
    }
    assert found(policies, "net-cluster-policies") == [*policies], "a waiver of one would let the others pass"


def cluster_rule(*cidrs: str, action: str = "Deny", into: bool = False) -> Sample:
    direction, end = ("ingress", "from") if into else ("egress", "to")
    spec = {"subject": {"namespaces": {}}, direction: [{"action": action, end: [{"networks": [*cidrs]}]}]}
    return Sample("kubernetes:networking.k8s.aws/v1alpha1:ClusterNetworkPolicy", {"spec": spec})


def named(**policies: Sample) -> list[str]:
    return found({**policies, "vpc": Sample("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"})}, "net-cluster-policies")


def test_a_vpc_whose_range_is_none_hides_no_policy_that_opens_all() -> None:
    assert found({"policy": of("0.0.0.0/0"), "vpc": Sample("aws:ec2/vpc:Vpc", {"cidrBlock": False})}) == ["policy"]


def test_a_rule_of_ingress_has_no_networks() -> None:
    """The definition has no such field, so no case of the rule may have it."""
    for action, cidrs in (("Deny", ["198.51.0.0/24"]), ("Pass", ["198.51.0.0/24"]), ("Pass", [])):
        assert named(first=cluster_rule(*cidrs, action=action, into=True)) == ["first"]


def test_rules_of_cluster_policies_that_are_too_much_together_are_all_named() -> None:
    some = [f"198.51.{third}.0/24" for third in range(17)]
    assert named(first=cluster_rule(*some[:9]), second=cluster_rule(*some[9:])) == ["first", "second"]
    assert named(first=cluster_rule(*some[:9]), second=cluster_rule(*some[9:16])) == []
    assert named(first=cluster_rule(some[0]), second=cluster_rule("198.51.0.1/24", action="Pass")) == [
        "first",
        "second",
    ]
    assert named(first=cluster_rule(some[0]), second=cluster_rule(some[1])) == []


def test_a_route_to_a_gateway_that_nobody_knows_yet_is_judged_in_the_update() -> None:
    rule = ALL["net-nodes-private"]
    route = {"routeTableId": ("table",), "gatewayId": ("vpc",)}
    case = rule.bad["a route to the internet"]
    assert isinstance(case, StackCase)
    unknown = Sample("aws:ec2/route:Route", {"gatewayId": UNKNOWN}, links=route)
    stack = {**case.resources, "vpc": Sample("aws:ec2/vpc:Vpc"), "default": unknown}
    assert [(each.kind, each.path) for each in findings(rule, StackCase(stack))] == [("deferred", "gatewayId")]
