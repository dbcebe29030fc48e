"""Karpenter's kinds in a simulated cluster."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.charts import CHARTS
from simulator.cloud import Cloud
from simulator.kubernetes import controllers
from simulator.kubernetes.clusters import EKS_CLUSTER, cluster_of
from simulator.kubernetes.custom import object_findings, schema_of
from simulator.provider import Refusal
from simulator.values import UNKNOWN, Props
from tests.simulator.kubernetes.bench import EMPTY, Bench, bench

CHART = CHARTS["karpenter-crd"]
REQUIREMENT = {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["p4d.24xlarge"]}


@pytest.fixture
def cluster(tmp_path: Path) -> Bench:
    new_bench = bench(tmp_path)
    new_bench.make(release(), "crds")
    return new_bench


def release(**changed: Any) -> Props:
    inputs = {"chart": CHART.repository, "version": CHART.version, "name": "karpenter-crd", "namespace": "kube-system"}
    return inputs | changed


def node_class(name: str = "gpu", **changed: Any) -> Props:
    spec = {
        "role": "node",
        "amiSelectorTerms": [{"alias": "al2023@v20260714"}],
        "subnetSelectorTerms": [{"tags": {"karpenter.sh/discovery": "main"}}],
        "securityGroupSelectorTerms": [{"id": "sg-0123456789abcdef0"}],
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": "100Gi", "volumeType": "gp3"}}],
    }
    return custom("karpenter.k8s.aws/v1", "EC2NodeClass", name, spec | changed)


def node_pool(name: str = "gpu", template: Props = EMPTY, **changed: Any) -> Props:
    reference = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "gpu"}
    of_nodes = {"nodeClassRef": reference, "requirements": [REQUIREMENT]} | template
    return custom(
        "karpenter.sh/v1", "NodePool", name, {"template": {"spec": of_nodes}, "limits": {"cpu": 96}} | changed
    )


def overlay(name: str = "gpu-8", **changed: Any) -> Props:
    spec = {"requirements": [REQUIREMENT], "capacity": {"nvidia.com/gpu.shared": "32"}}
    return custom("karpenter.sh/v1alpha1", "NodeOverlay", name, spec | changed)


def custom(api_version: str, kind: str, name: str, spec: Props) -> Props:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name},
        "spec": {key: value for key, value in copy.deepcopy(spec).items() if value is not None},
    }


def refusal(cluster: Bench, inputs: Props, preview: bool = False) -> str:
    with pytest.raises(Refusal) as refused:
        _ = cluster.preview(inputs, "refused") if preview else cluster.make(inputs, "refused")
    return str(refused.value)


def test_the_objects_of_a_pool_are_accepted(cluster: Bench) -> None:
    for inputs in (node_class(), node_pool(), overlay()):
        cluster.preview(inputs, inputs["kind"])
        cluster.make(inputs, inputs["kind"])


def test_a_misspelt_field_is_refused_although_the_real_server_prunes_it(cluster: Bench) -> None:
    failures = cluster.failures(node_pool(template={"requirments": []}))
    (reason,) = failures.values()
    assert reason.startswith("spec.template.spec.requirments: unknown field; did you mean requirements?")
    assert reason.endswith("at a create, the API server removes it without a message."), (
        "the message describes the real run"
    )


@pytest.mark.parametrize(
    ("inputs", "path", "text"),
    [
        (node_pool(limits={"cpu": "many"}), "spec.limits.cpu", "should match"),
        (node_pool(limits={"cpu": True}), "spec.limits.cpu", "must be of type integer,string"),
        (node_pool(weight=101), "spec.weight", "less than or equal to 100"),
        (node_pool(template={"taints": [{"key": "gpu", "effect": "Never"}]}), "effect", "Unsupported value"),
        (node_pool(template={"nodeClassRef": None}), "nodeClassRef", "Required value"),
        (node_class(instanceStorePolicy="RAID5"), "spec.instanceStorePolicy", "Unsupported value"),
        (node_class(subnetSelectorTerms=None), "spec.subnetSelectorTerms", "Required value"),
        (node_class(tags={str(number): "x" for number in range(99)}), "", ""),
    ],
)
def test_values_that_the_schema_does_not_allow_are_refused(cluster: Bench, inputs: Props, path: str, text: str) -> None:
    failures = cluster.failures(inputs)
    if not path:
        assert failures == {}, "the chart's schema limits the tags of selector terms, not the tags of nodes"
        return
    ((failed_path, reason),) = failures.items()
    assert failed_path.endswith(path)
    assert text in reason


def _pool_with(*requirements: Props) -> Props:
    return node_pool(template={"requirements": list(requirements)})


RULES = [
    (node_class(instanceProfile="node"), "spec", "exactly one of ['role', 'instanceProfile']"),
    (node_class(role=None), "spec", "exactly one of ['role', 'instanceProfile']"),
    (
        node_class(amiSelectorTerms=[{"alias": "al2023@v1", "id": "ami-0"}]),
        "amiSelectorTerms",
        "'alias' is mutually exclusive, cannot be set",
    ),
    (
        node_class(amiSelectorTerms=[{"alias": "al2023@v1"}, {"id": "ami-0"}]),
        "amiSelectorTerms",
        "combination of other amiSelectorTerms",
    ),
    (
        node_class(amiSelectorTerms=[{"owner": "self"}], amiFamily="AL2023"),
        "amiSelectorTerms",
        "expected at least one, got none",
    ),
    (node_class(amiSelectorTerms=[{"alias": "al2023"}]), "alias", "must match the format 'family@version'"),
    (node_class(amiSelectorTerms=[{"id": "ami-0"}]), "spec", "must specify amiFamily if"),
    (node_class(amiFamily="Bottlerocket"), "spec", "amiFamily must be 'AL2023' or 'Custom'"),
    (
        node_class(subnetSelectorTerms=[]),
        "subnetSelectorTerms",
        "cannot be set with a combination of other fields in a subnet selector term",
    ),
    (node_class(subnetSelectorTerms=[{}]), "subnetSelectorTerms", "expected at least one, got none"),
    (node_class(subnetSelectorTerms=[{"tags": {"a": ""}}]), "subnetSelectorTerms[0].tags", "empty tag keys"),
    (node_class(capacityReservationSelectorTerms=[{"ownerID": "1" * 12}]), "SelectorTerms", "instanceMatchCriteria"),
    (node_class(placementGroupSelector={"name": "a", "id": "pg-0"}), "placementGroupSelector", "mutually exclusive"),
    (node_class(tags={"karpenter.sh/nodepool": "a"}), "tags", "restricted tag matching karpenter.sh/nodepool"),
    (node_class(kubelet={"kubeReserved": {"gpu": "1"}}), "kubeReserved", "valid keys for kubeReserved are"),
    (node_class(blockDeviceMappings=[{"ebs": {"iops": 3000}}]), "ebs", "snapshotID or volumeSize must be defined"),
    (node_pool(replicas=2, weight=5, limits=None), "spec", "'weight' is not supported on static"),
    (node_pool(replicas=2), "spec", "only 'limits.nodes' is supported"),
    (
        node_pool(disruption={"consolidateAfter": "1m", "budgets": [{"nodes": "0", "schedule": "0 8 * * *"}]}),
        "spec.disruption.budgets",
        "'schedule' must be set with 'duration'",
    ),
    (_pool_with({"key": "karpenter.sh/nodepool", "operator": "Exists"}), "key", '"karpenter.sh/nodepool" is restrict'),
    (_pool_with({"key": "karpenter.sh/speed", "operator": "Exists"}), "key", '"karpenter.sh" is restricted'),
    (_pool_with({"key": "karpenter.k8s.aws/instance-colour", "operator": "Exists"}), "key", "karpenter.k8s.aws"),
    (_pool_with({**REQUIREMENT, "values": []}), "requirements", "must have a value defined"),
    (_pool_with({**REQUIREMENT, "minValues": 2}), "requirements", "must have at least that many values"),
    (
        _pool_with({"key": "karpenter.k8s.aws/instance-cpu", "operator": "Gt", "values": ["4", "8"]}),
        "requirements",
        "must have a single positive integer value",
    ),
    (overlay(capacity={"cpu": "4"}), "spec.capacity", "invalid resource restricted"),
    (overlay(price="1.5", priceAdjustment="+10%"), "spec", "cannot set both 'price' and 'priceAdjustment'"),
    (
        overlay(requirements=[{"key": "karpenter.k8s.aws/instance-tenancy", "operator": "Exists"}]),
        "key",
        "karpenter.k8s.aws",
    ),
    (
        custom("autoscaling.x-k8s.io/v1beta1", "CapacityBuffer", "b", {"podTemplateRef": {"name": "a"}}),
        "spec",
        "replicas or limits must also be set",
    ),
]


@pytest.mark.parametrize(("inputs", "path", "text"), RULES, ids=[text for _, _, text in RULES])
def test_violations_of_karpenters_rules_are_refused(cluster: Bench, inputs: Props, path: str, text: str) -> None:
    ((failed_path, reason),) = cluster.failures(inputs).items()
    assert failed_path.endswith(path)
    assert text in reason
    beginning = f'"{inputs["metadata"]["name"]}" is invalid: {failed_path}: Invalid value'
    assert beginning in reason, "the API server uses these words"


def test_a_label_that_is_reserved_for_karpenter_is_refused(cluster: Bench) -> None:
    pool = node_pool()
    pool["spec"]["template"]["metadata"] = {"labels": {"karpenter.sh/nodepool": "other", "team": "research"}}
    assert list(cluster.failures(pool)) == ["spec.template.metadata.labels"]


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ([(0, 0, "interface"), (0, 1, "efa-only"), (1, 0, "efa-only")], None),
        ([(0, 1, "interface"), (1, 0, "efa-only")], "must include a primary interface"),
        ([(0, 0, "interface"), (0, 1, "efa-only"), (0, 2, "efa-only")], "at most one efa device per network card"),
        ([(0, 0, "interface"), (0, 0, "interface")], "duplicate networkCardIndex and deviceIndex"),
    ],
)
def test_network_interfaces_begin_with_a_primary_one(cluster: Bench, layout: list[Any], text: str | None) -> None:
    interfaces = [{"networkCardIndex": c, "deviceIndex": d, "interfaceType": kind} for c, d, kind in layout]
    reasons = list(cluster.failures(node_class(networkInterfaces=interfaces)).values())
    assert len(reasons) == (text is not None)
    assert text is None or text in reasons[0]


def test_the_api_server_adds_the_defaults_of_the_schema(cluster: Bench) -> None:
    assert cluster.make(node_class(), "class")[2]["spec"]["metadataOptions"]["httpTokens"] == "required"
    _, inputs, state = cluster.make(node_pool(), "pool")
    assert state["spec"]["template"]["spec"]["expireAfter"] == "720h"
    assert state["spec"]["disruption"] == {
        "consolidateAfter": "0s",
        "consolidationPolicy": "WhenEmptyOrUnderutilized",
        "budgets": [{"nodes": "10%"}],
    }, "a default may contain fields with defaults"
    assert "disruption" not in inputs["spec"], "added defaults in the inputs would show as a change at every preview"


def test_unknown_values_are_not_checked(cluster: Bench) -> None:
    unknown = node_class(role=UNKNOWN, subnetSelectorTerms=[{"id": UNKNOWN}], blockDeviceMappings=UNKNOWN, tags=UNKNOWN)
    assert cluster.failures(unknown) == {}
    hidden = _pool_with({**REQUIREMENT, "values": UNKNOWN}, {**REQUIREMENT, "values": [UNKNOWN]})
    assert cluster.failures(hidden) == {}
    cluster.preview(node_pool(template={"nodeClassRef": UNKNOWN}))
    cluster.preview(overlay(capacity=UNKNOWN), "one")
    cluster.preview(overlay("other", capacity=UNKNOWN), "other")


def test_a_pool_without_its_node_class_is_refused(cluster: Bench) -> None:
    for preview in (True, False):
        text = refusal(cluster, node_pool(), preview)
        assert 'no EC2NodeClass is named "gpu"' in text
        assert text.endswith("Create the EC2NodeClass, and let the NodePool depend on it.")


def test_a_node_class_of_the_same_preview_counts(cluster: Bench) -> None:
    cluster.preview(node_class(), "class")
    cluster.preview(node_pool(), "pool")
    assert "no EC2NodeClass" in refusal(cluster, node_pool()), "it was only planned"


def test_changing_a_pool_to_a_missing_node_class_is_refused(cluster: Bench) -> None:
    cluster.make(node_class(), "class")
    pool = cluster.make(node_pool(), "pool")
    reference = {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "other"}
    with pytest.raises(Refusal, match='no EC2NodeClass is named "other"'):
        cluster.update(pool, node_pool(template={"nodeClassRef": reference}), "pool", preview=True)


def test_a_node_class_that_a_pool_uses_cannot_be_deleted(cluster: Bench) -> None:
    of_class = cluster.make(node_class(), "class")
    pool = cluster.make(node_pool(), "pool")
    with pytest.raises(Refusal, match="NodePool gpu uses it"):
        cluster.delete(of_class, "class")
    cluster.delete(pool, "pool")
    cluster.delete(of_class, "class")
    assert cluster.cloud.get("kubernetes:karpenter.k8s.aws/v1:EC2NodeClass", "main/gpu") is None


@pytest.mark.parametrize("evictable", [True, False])
def test_the_nodes_of_a_pool_end_with_it_unless_a_pod_may_not_be_evicted(cluster: Bench, evictable: bool) -> None:
    of_class, pool = cluster.make(node_class(), "class"), cluster.make(node_pool(), "pool")
    inside = cluster_of(cluster.cloud, next(iter(cluster.cloud.of_type(EKS_CLUSTER))))
    claim = custom("karpenter.sh/v1", "NodeClaim", "gpu-5dk2m", {"nodeClassRef": {"name": "gpu"}})
    claim["metadata"]["labels"] = {"karpenter.sh/nodepool": "gpu"}
    inside.put(claim | {"status": {"nodeName": "node-1"}}, "")
    annotations = {} if evictable else {"karpenter.sh/do-not-disrupt": "true"}
    metadata = {"name": "train", "namespace": "users", "annotations": annotations}
    inside.put({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"nodeName": "node-1"}}, "users")
    cluster.delete(pool, "pool")
    if evictable:
        cluster.delete(of_class, "class")
    else:
        with pytest.raises(Refusal, match=r"still exists: node gpu-5dk2m uses it\."):
            cluster.delete(of_class, "class")


def test_group_and_kind_of_a_node_class_reference_are_immutable(cluster: Bench) -> None:
    cluster.make(node_class(), "class")
    pool = cluster.make(node_pool(), "pool")
    reference = {"group": "eks.amazonaws.com", "kind": "EC2NodeClass", "name": "gpu"}
    with pytest.raises(Refusal, match=r"nodeClassRef: Invalid value: nodeClassRef\.group is immutable$"):
        cluster.update(pool, node_pool(template={"nodeClassRef": reference}), "pool", preview=True)


def test_replicas_cannot_be_removed_from_a_pool(cluster: Bench) -> None:
    cluster.make(node_class(), "class")
    pool = cluster.make(node_pool(replicas=2, limits={"nodes": 4}), "pool")
    cluster.update(pool, cluster.checked(node_pool(replicas=3, limits={"nodes": 4}), "pool"), "pool", preview=True)
    with pytest.raises(Refusal, match="Cannot transition NodePool between static"):
        cluster.update(pool, node_pool(limits={"nodes": 4}), "pool", preview=True)


def among(key: str, *values: str) -> Props:
    return {"key": key, "operator": "In", "values": list(values)}


def test_two_overlays_that_set_the_same_for_the_same_types_are_refused_at_preview(cluster: Bench) -> None:
    cluster.preview(overlay("a", capacity={"nvidia.com/gpu.shared": "16"}), "a")
    text = refusal(cluster, overlay("b"), preview=True)
    assert 'it and NodeOverlay "a" both set nvidia.com/gpu.shared for the same instance types' in text
    assert "with the reason Conflict" in text


@pytest.mark.parametrize(
    "difference",
    [
        {"weight": 10},
        {"capacity": {"nvidia.com/mig-1g.5gb": "56"}},
        {"requirements": [REQUIREMENT, among("karpenter.sh/nodepool", "other")]},
        {"requirements": [among("karpenter.k8s.aws/instance-family", "p5")]},
        {"requirements": [{"key": "karpenter.k8s.aws/instance-gpu-count", "operator": "Lt", "values": ["8"]}]},
        {"requirements": [REQUIREMENT, {"key": "karpenter.sh/nodepool", "operator": "NotIn", "values": ["gpu"]}]},
    ],
)
def test_overlays_without_common_types_or_resources_do_not_conflict(cluster: Bench, difference: Props) -> None:
    first = overlay("a", requirements=[REQUIREMENT, among("karpenter.sh/nodepool", "gpu")])
    cluster.preview(first, "a")
    cluster.preview(overlay("b", **difference), "b")


def test_an_overlay_by_family_conflicts_with_one_by_type(cluster: Bench) -> None:
    cluster.preview(overlay("a", requirements=[among("karpenter.k8s.aws/instance-family", "p4d")]), "a")
    assert "for the same instance types" in refusal(cluster, overlay("b"), preview=True)


def test_a_conflict_with_a_live_overlay_is_a_warning_since_the_update_may_delete_that(cluster: Bench) -> None:
    old = cluster.make(overlay("old"), "old")
    cluster.preview(overlay("new"), "new")
    cluster.make(overlay("new"), "new")
    assert len(cluster.warnings) == 2
    assert all('NodeOverlay "old"' in warning for warning in cluster.warnings)
    cluster.delete(old, "old")
    cluster.preview(overlay("new2", weight=3), "new2")
    assert len(cluster.warnings) == 2, "there is no conflict any more"


def test_a_release_that_skips_crds_installs_none(tmp_path: Path) -> None:
    bare = bench(tmp_path)
    bare.make(release(skipCrds=True), "crds")
    assert "no matches for kind" in refusal(bare, node_class(), preview=True)


def test_uninstalling_the_crds_of_any_version_deletes_every_pool(cluster: Bench) -> None:
    cluster.make(node_class(), "class")
    cluster.make(node_pool(), "pool")
    inputs = cluster.checked(release(), "crds")
    stored = cluster.cloud.get("kubernetes:helm.sh/v3:Release", "main/kube-system/karpenter-crd")
    assert stored is not None
    cluster.cloud.put(stored.type, stored.id, stored.state | {"version": "1.0.0"}, stored.urn)
    cluster.delete(("kube-system/karpenter-crd", inputs, inputs), "crds")
    assert any(warning.endswith("also deletes its CRDs, and with them NodePool gpu") for warning in cluster.warnings)
    assert cluster.cloud.of_type("kubernetes:karpenter.sh/v1:NodePool") == []
    assert "no matches for kind" in refusal(cluster, node_class()), "the chart's CRDs are templates: Helm removes them"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = [node_class(), node_pool(), overlay()]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_value_of_any_field_makes_the_rules_crash(data: st.DataObject) -> None:
    inputs = copy.deepcopy(data.draw(st.sampled_from(OBJECTS)))
    schema = schema_of(inputs["apiVersion"], inputs["kind"])
    assert schema is not None
    fields = sorted(schema["properties"]["spec"]["properties"])
    inputs["spec"] |= data.draw(st.dictionaries(st.sampled_from(fields), JSON, max_size=3))
    assert all(each.text for each in object_findings(inputs, schema))


@pytest.mark.parametrize(("second", "stays"), [({"tier": "front"}, True), ({"app": "api"}, False)])
def test_a_pod_that_two_budgets_select_is_not_evicted_whatever_these_say(
    tmp_path: Path, second: dict[str, str], stays: bool
) -> None:
    cloud = Cloud(tmp_path / "cloud.sqlite")
    cluster = cluster_of(cloud, cloud.put("aws:eks/cluster:Cluster", "main", {"version": "1.35"}))
    for name, labels in (("one", {"app": "web"}), ("two", second)):
        metadata = {"name": name, "namespace": "research"}
        spec = {"selector": {"matchLabels": labels}, "maxUnavailable": 1}
        status = {"expectedPods": 2, "disruptionsAllowed": 1}
        kind = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget"}
        cluster.put({**kind, "metadata": metadata, "spec": spec, "status": status}, "users")
    pod = {"name": "web", "namespace": "research", "labels": {"app": "web", "tier": "front"}}
    assert controllers._has_a_budget(cluster, pod) is stays
