"""Each mistake that `observability` and its metrics can have is reported at its path, with advice."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from settings.stack.checks import observability_metrics
from settings.stack.checks.observability_metrics import waiting
from tests.settings.stacks import problems, stack

Change = tuple[tuple[Any, ...], Any]
ON: Change = (("observability",), {})


def metrics(**values: Any) -> Change:
    return ("observability", "metrics"), values


def chart(name: str, **values: Any) -> Change:
    return ("clusters", "main", "addons", name), {"values": values}


def below(path: str, value: Any) -> dict[str, Any]:
    """Returns the values that say something at a path."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return dict(value)


ONE = {"min_per_zone": 1, "max_per_zone": 1, "zones": ["us-west-2a"]}
SYSTEM = {"name": "system", "instance_types": ["m7i.large"], **ONE}
STACK_VALUES, NODES = (
    "clusters.main.addons.kube-prometheus-stack.values.",
    "clusters.main.addons.prometheus-node-exporter.values.",
)
MISTAKES: dict[str, tuple[list[Change], str, str]] = {
    # what is wrong: (what the stack file says besides, the path of the problem, the end of the message)
    "cluster that is not there": (
        [(("observability",), {"clusters": ["mian"]})],
        "observability.clusters[0]",
        "mean main?",
    ),
    "cluster twice": (
        [(("observability",), {"clusters": ["main", "main"]})],
        "observability.clusters",
        "Name each once.",
    ),
    "no cluster": ([(("observability",), {"clusters": []})], "observability.clusters", "Add one, or drop it."),
    "no time": ([metrics(retention_days=0)], "observability.metrics.retention_days", "Write 1 or more."),
    "a volume that is none": ([metrics(volume_gib=1)], "observability.metrics.volume_gib", "Write 10 or more."),
    "three of them": ([metrics(replicas=3)], "observability.metrics.replicas", "Write 2 or less."),
    "more memory than a node has": (
        [metrics(memory_gib=7)],
        "observability.metrics.memory_gib",
        "it would wait for ever, and no update would tell. Lower it, or give the pool larger machines.",
    ),
    "more memory than nodes have together": (
        [
            metrics(memory_gib=6),
            (("observability", "logs"), {"to": "loki", "loki": {}}),
            (("clusters", "main", "pools", 0), SYSTEM),
        ],
        "observability.metrics.memory_gib",
        "one of Loki would wait for ever. Lower it, or give the pool larger or more machines.",
    ),
    "operator without its definitions": (
        [ON, (("clusters", "main", "addons", "prometheus-operator-crds"), {"enabled": False})],
        "clusters.main.addons.prometheus-operator-crds.enabled",
        "Drop it here, or write observability.clusters without this cluster.",
    ),
    "the stack for nobody": (
        [(("clusters", "main", "addons", "kube-prometheus-stack"), {})],
        "clusters.main.addons.kube-prometheus-stack",
        "it is installed by itself when something does. Drop it.",
    ),
    "a second exporter on each node": (
        [ON, chart("kube-prometheus-stack", nodeExporter={"enabled": True})],
        f"{STACK_VALUES}nodeExporter.enabled",
        "two would want one port. Drop it.",
    ),
    "what EKS runs itself": (
        [ON, chart("kube-prometheus-stack", kubeEtcd={"enabled": True})],
        f"{STACK_VALUES}kubeEtcd.enabled",
        "alerts would fire for ever. Drop it.",
    ),
    "monitors of the platform left out": (
        [
            ON,
            chart(
                "kube-prometheus-stack", prometheus={"prometheusSpec": {"podMonitorSelectorNilUsesHelmValues": True}}
            ),
        ],
        f"{STACK_VALUES}prometheus.prometheusSpec.podMonitorSelectorNilUsesHelmValues",
        "Prometheus would leave out what the platform gives it. Drop it.",
    ),
    **{
        f"no {path}": (
            [ON, chart("kube-prometheus-stack", **below(path, value))],
            f"{STACK_VALUES}{path}",
            end,
        )
        for path, value, end in (
            ("prometheus.enabled", False, "while observability.clusters has this cluster. Drop it."),
            ("prometheusOperator.enabled", None, "while observability.clusters has this cluster. Drop it."),
            ("alertmanager.enabled", False, "while observability.clusters has this cluster. Drop it."),
            ("kubeStateMetrics.enabled", False, "while observability.clusters has this cluster. Drop it."),
            ("defaultRules.create", False, "while observability.clusters has this cluster. Drop it."),
            ("prometheus.prometheusSpec.ruleSelector", {"matchLabels": {"a": "b"}}, "the platform gives it. Drop it."),
            ("prometheus.prometheusSpec.podMonitorNamespaceSelector", {}, "the platform gives it. Drop it."),
            ("prometheus.prometheusSpec.storageSpec.emptyDir", {"medium": "Memory"}, "ends with the pod. Drop it."),
            ("alertmanager.alertmanagerSpec.storage.ephemeral", {}, "ends with the pod. Drop it."),
            ("prometheus.prometheusSpec.replicas", 0, "observability.metrics.replicas is their number. Drop it."),
            ("prometheus.prometheusSpec.shards", 2, "a part of what rules ask. Drop it."),
            ("prometheus.prometheusSpec.paused", True, "change nothing any more. Drop it."),
            ("prometheus.agentMode", True, "nobody hears of an alert. Drop it."),
            ("prometheus.prometheusSpec.alertingEndpoints", [], "the platform's Alertmanager. Drop it."),
        )
    },
    "another service account": (
        [ON, chart("kube-prometheus-stack", prometheus={"serviceAccount": {"name": "mine"}})],
        f"{STACK_VALUES}prometheus.serviceAccount.name",
        "Its rights in AWS are of this account. Drop it.",
    ),
    "webhooks that stop everybody": (
        [ON, chart("kube-prometheus-stack", prometheusOperator={"admissionWebhooks": {"failurePolicy": "Fail"}})],
        f"{STACK_VALUES}prometheusOperator.admissionWebhooks.failurePolicy",
        "While the operator is away, nobody could make a rule. Drop it.",
    ),
    "claims that go with a StatefulSet": (
        [
            ON,
            chart(
                "kube-prometheus-stack",
                prometheus={"prometheusSpec": {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}},
            ),
        ],
        f"{STACK_VALUES}prometheus.prometheusSpec.persistentVolumeClaimRetentionPolicy",
        "take all samples with them when the operator makes it again. Drop it.",
    ),
    "another port of nodes": (
        [ON, chart("prometheus-node-exporter", service={"port": 9101})],
        f"{NODES}service.port",
        "Prometheus is let out to nodes on port 9100. Drop it.",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_reported_where_it_is_with_what_to_write(name: str) -> None:
    changes, path, message = MISTAKES[name]
    (problem,) = problems(stack((("environment",), "dev"), *changes))  # where nobody has to hear of alerts
    assert str(problem).startswith(f"Pulumi.test.yaml, {path}: "), problem
    assert str(problem).endswith(message), problem


def test_prometheus_fits_where_memory_is_left() -> None:
    assert not problems(stack((("environment",), "dev"), metrics(memory_gib=6)))


SYSTEM = {"name": "system", "instance_types": ["m7i.large"], "min_per_zone": 1, "max_per_zone": 1}
KARPENTER = {"name": "web", "instance_types": ["m7i.large"], "provisioner": "karpenter"}
OWN_LOKI = {"to": "loki", "loki": {}}


@pytest.mark.parametrize(
    ("environment", "pools", "more", "fits"),
    [
        ("dev", [SYSTEM], {}, True),
        ("dev", [SYSTEM], {"logs": OWN_LOKI}, True),
        (
            "dev",
            [SYSTEM],
            {"logs": OWN_LOKI, "traces": {"gateways": 2, "memory_gib": 6}, "metrics": {"memory_gib": 6}},
            False,
        ),
        ("prod", [SYSTEM], {"metrics": {"memory_gib": 6}}, True),
        ("prod", [SYSTEM], {"metrics": {"memory_gib": 6}, "logs": OWN_LOKI}, False),
        ("prod", [SYSTEM, KARPENTER], {"metrics": {"memory_gib": 6}}, False),
    ],
)
def test_what_runs_on_the_landing_pool_has_to_fit_together(
    environment: str, pools: list[Any], more: dict[str, Any], fits: bool
) -> None:
    told = {"alerts": {"platform": {"mail": ["ml@example.com"]}, "heartbeat": True}}
    changes = [(("environment",), environment), (("clusters", "main", "pools"), pools)]
    found = [
        each for each in problems(stack(*changes, (("observability",), {**told, **more}))) if "memory" in each.path
    ]
    assert (found == []) is fits, found


def has_a_place(rooms: list[int], pods: dict[str, tuple[int, int]], kept: int) -> bool:
    """Tells whether some way of putting pods onto nodes has room for all, by trying each."""
    each_pod = [(program, gib) for program, (count, gib) in pods.items() for _ in range(count)]
    alone = {program for program in ("Prometheus", "Loki", "Karpenter") if program in pods and kept >= pods[program][0]}
    for nodes in product(range(len(rooms)), repeat=len(each_pod)):
        on = [
            [each for each, node in zip(each_pod, nodes, strict=True) if node == index] for index in range(len(rooms))
        ]
        roomy = all(sum(gib for _, gib in those) * 1024 <= room for those, room in zip(on, rooms, strict=True))
        if roomy and not any([program for program, _ in those].count(own) > 1 for those in on for own in alone):
            return True
    return False


@limits(max_examples=150, deadline=None)
@given(
    rooms=st.lists(st.just(6), min_size=1, max_size=3),
    pods=st.dictionaries(
        st.sampled_from(["Prometheus", "Loki", "Karpenter", "Tempo", "the gateways"]),
        st.tuples(st.integers(1, 2), st.integers(1, 6)),
        min_size=1,
        max_size=3,
    ),
    kept=st.integers(0, 3),
)
def test_pods_are_refused_only_where_no_way_of_placing_them_has_room(
    rooms: list[int], pods: dict[str, tuple[int, int]], kept: int
) -> None:
    mib = [gib * 1024 for gib in rooms]
    kept = min(kept, len(rooms))
    assert (waiting(mib, pods, kept) is None) is has_a_place(mib, pods, kept)


@pytest.mark.parametrize(
    ("rooms", "pods", "kept", "waits"),
    [
        ([6, 6], {"the gateways": (2, 3), "Tempo": (3, 2)}, 2, None),  # onto the emptiest node each, one would wait
        ([6, 6], {"Karpenter": (2, 3), "Tempo": (3, 2)}, 2, "Tempo"),
        ([6, 6], {"Karpenter": (2, 3), "Tempo": (3, 2)}, 1, None),  # with one node that stays, both may be there
        ([6], {"Prometheus": (1, 7), "Tempo": (1, 6)}, 1, None),  # what is larger than a node is told elsewhere
        ([6], {"Prometheus": (1, 6), "Tempo": (1, 1)}, 1, "Tempo"),
    ],
)
def test_who_waits_is_named(rooms: list[int], pods: dict[str, tuple[int, int]], kept: int, waits: str | None) -> None:
    assert waiting([gib * 1024 for gib in rooms], pods, kept) == waits


def test_what_takes_too_long_to_know_is_taken_to_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack file may say 20 gateways: trying every way of placing them would hold up each preview."""
    pods = {"Prometheus": (2, 13), "Karpenter": (2, 2), "Loki": (3, 4), "the gateways": (20, 2), "Tempo": (1, 4)}
    rooms = [14 * 1024] * 6
    assert waiting(rooms, pods, 6) == "the gateways"
    monkeypatch.setattr(observability_metrics, "_TRIES", 10)
    assert waiting(rooms, pods, 6) is None
