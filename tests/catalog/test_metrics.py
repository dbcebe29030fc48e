"""Rules read series that pinned exporters serve, and labels and values that these have."""

import re
from functools import cache

import pytest

from catalog.metrics import PARTS, exporters, series
from catalog.mig import MIG_GPUS
from catalog.sharing import SHARED_GPU, WHOLE_GPU
from components.cluster.scrapes import OF_EKS
from components.core.addon_spec import every_add_on
from components.core.metrics import Alert, Recording, RuleGroup, Scrape
from components.core.promql import resource_label
from components.observability.addons.kube_prometheus_stack import NODE_LABELS
from settings.cluster.parts import ClusterParts
from tests.catalog.promql import Known, names, read
from tests.components.observability.expressions import expressions
from tests.components.observability.rules.every_rule import constants, groups
from tests.components.observability.rules.test_rules import CASES
from tests.components.stacks import stack

OF_POD = frozenset({"job", "instance", "namespace", "pod", "endpoint"})
OF_NODE = frozenset({"job", "instance", "endpoint", "node"})
GPU_RESOURCES = {
    resource_label(name)
    for name in (WHOLE_GPU, SHARED_GPU, *(each.resource for gpu in MIG_GPUS.values() for each in gpu.profiles.values()))
}


def a_cluster() -> ClusterParts:
    settings = stack(observability={})
    return settings.parts_of("main")


def scrapes() -> dict[str, Scrape]:
    """Returns how each exporter is read, by job: those of every add-on, whether or not one cluster has them all."""
    of_add_ons = [each for spec in every_add_on().values() for each in spec.metrics(a_cluster())]
    return {each.job: each for each in (*of_add_ons, *OF_EKS)}


def target_of(exporter: str) -> frozenset[str]:
    fixed, scrape = exporters()[exporter].get("target"), scrapes().get(exporter)
    if fixed is not None or scrape is None:
        return OF_POD if fixed is None else frozenset(fixed)
    return OF_NODE | (OF_POD if getattr(scrape, "keeps_pod", False) else frozenset()) if scrape.of_nodes else OF_POD


@cache
def served() -> Known:
    """Returns what Prometheus has of every exporter, under the names that labels get there."""
    labels: dict[str, frozenset[str]] = {}
    values: dict[tuple[str, str], frozenset[str]] = {}
    for exporter, table in exporters().items():
        target = target_of(exporter)
        kept = table.get("keeps_labels") or exporter == "dcgm"  # whose target has no namespace and pod
        for metric, row in table["metrics"].items():
            for ending, more in PARTS.get(row["type"], {"": frozenset()}).items():
                name, own = metric + ending, {*row["labels"], *more}
                moved = frozenset(each if kept or each not in target else f"exported_{each}" for each in own)
                labels[name] = moved | target
                values |= {(name, label): frozenset(known) for label, known in row.get("values", {}).items()}
                if "resource" in own and name.startswith("kube_") and name != "kube_resourcequota":
                    values[name, "resource"] = frozenset({*GPU_RESOURCES, "cpu", "memory", "pods", "ephemeral_storage"})
    return Known(labels, values)


@cache
def recorded() -> Known:
    """Returns what is served, and what rules record from it."""
    labels = dict(served().labels)
    for row in constants():
        labels[row["record"]] = frozenset(row["labels"])
    waiting = [rule for group in groups() for rule in group.rules if isinstance(rule, Recording)]
    while waiting:  # a recording may use one of a later group
        ready = [
            rule for rule in waiting if set(names(rule.expr)) - {each.name for each in waiting} == set(names(rule.expr))
        ]
        assert ready, f"{', '.join(each.name for each in waiting)} use each other"
        for rule in ready:
            labels[rule.name] = read(rule.expr, Known(labels, served().values))[0] | set(rule.labels)
        waiting = [rule for rule in waiting if rule not in ready]
    return Known(labels, served().values)


RULES = [(group, rule) for group in groups() for rule in group.rules]


@pytest.mark.parametrize(("group", "rule"), RULES, ids=[f"{group.name}: {rule.name}" for group, rule in RULES])
def test_a_rule_reads_what_there_is(group: RuleGroup, rule: Recording | Alert) -> None:
    labels, wrong = read(rule.expr, recorded())
    assert wrong == [], "such an expression finds nothing, and is silent"
    if isinstance(rule, Alert):
        told = set(re.findall(r"\$labels\.(\w+)", rule.summary))
        assert told <= labels, f"its summary names labels that its series have not: {told - labels}"


EVERYWHERE = {
    *("kube-state-metrics", "kubelet", "apiserver", "coredns", "prometheus", "alertmanager", "prometheus-operator"),
    *("node-exporter", "vpc-cni", "aws-ebs-csi-driver", "cert-manager", "of-every-scrape"),
}
MORE = {
    "logs": {"fluent-bit"},
    "gpu-usage": {"dcgm"},
    "gpu-health": {"dcgm"},
    "opencost": {"opencost"},
    "costs": {"opencost", "dcgm"},  # without them it goes on with list prices of nodes
    "linkerd-control-plane": {"linkerd-proxy"},
    "traces": {"opentelemetry-agent", "opentelemetry-gateway"},
}


@pytest.mark.parametrize("group", groups(), ids=[group.name for group in groups()])
def test_a_group_reads_exporters_that_its_clusters_have(group: RuleGroup) -> None:
    serves = {name: exporter for exporter in exporters() for name in series(exporter)}
    asked = {serves[name] for rule in group.rules for name in names(rule.expr) if name in serves}
    assert asked <= EVERYWHERE | MORE.get(group.name, {group.name})


@pytest.mark.parametrize(("where", "expr"), list(expressions()), ids=[where for where, _ in expressions()])
def test_a_panel_reads_what_there_is(where: str, expr: str) -> None:
    chosen = re.sub(r"\$(?!\d)\w+", ".*", re.sub(r"\$__\w+", "5m", expr))
    assert read(chosen, recorded())[1] == [], f"{where} would be empty"


def test_the_cases_of_rules_have_series_as_they_are_served() -> None:
    for case in CASES:
        for each in case.get("input_series", []):
            assert read(each["series"], served())[1] == [], case["name"]


@pytest.mark.parametrize(
    ("expr", "wrong"),
    {
        'sum by (node) (kube_node_lables{job="kube-state-metrics"})': "there is no series kube_node_lables",
        "sum by (nod) (kube_node_info)": "has no label nod",
        'kube_node_info{nod="a"}': "kube_node_info has no label nod",
        'kube_pod_status_phase{phase="Runing"}': "kube_pod_status_phase{phase} is never Runing",
        'kube_pod_container_resource_requests{resource=~"nvidia_com_gpus"}': (
            "kube_pod_container_resource_requests{resource} is never nvidia_com_gpus"
        ),
        'kube_node_status_condition{condition=~"Ready|Redy"}': "kube_node_status_condition{condition} is never Redy",
        "kube_pod_info * on (namespace, pods) kube_pod_owner": "kube_pod_info has no label pods",
        "kube_pod_info * on (pod) group_left (teams) kube_pod_labels": "kube_pod_labels has no label teams",
        "histogram_quantile(0.9, sum(rate(coredns_dns_request_duration_seconds_bucket[5m])))": "has no label le",
        "sum by (namespace) (certmanager_certificate_ready_status) * on (name) up": "up has no label name",
        "rate(karpenter_pods_startup_duration_seconds_bucket[5m])": (
            "there is no series karpenter_pods_startup_duration_seconds_bucket"
        ),
    }.items(),
)
def test_a_misspelt_name_label_or_value_is_found(expr: str, wrong: str) -> None:
    assert any(wrong in sentence for sentence in read(expr, served())[1])


def test_a_label_of_an_exporter_makes_room_for_that_of_its_pod() -> None:
    assert "exported_namespace" in served().labels["certmanager_certificate_ready_status"]
    assert "exported_namespace" not in served().labels["kube_pod_info"]
    assert {"namespace", "node"} <= served().labels["DCGM_FI_DEV_GPU_TEMP"]


def test_labels_of_nodes_that_rules_read_are_let_through() -> None:
    """kube-state-metrics shows no label that its list does not name."""
    shown = {f"label_{re.sub(r'[^a-zA-Z0-9_]', '_', label)}" for label in NODE_LABELS}
    assert shown == {each for each in served().labels["kube_node_labels"] if each.startswith("label_")}


def test_each_exporter_that_is_read_by_a_pod_monitor_has_a_scrape_of_its_name() -> None:
    own = {name for name, table in exporters().items() if "target" not in table}
    read_too = {"dcgm", "opencost", "linkerd-proxy"}  # where a cluster has GPUs, costs, a mesh
    assert own - set(scrapes()) <= read_too
    for name in own & set(scrapes()):
        assert exporters()[name].get("keeps_labels", False) == scrapes()[name].keeps_labels, name
