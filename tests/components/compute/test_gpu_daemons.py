"""Pods that every node needs run on every node, whatever taints its pool has. One that does not leaves a GPU unseen."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.chart_facts import chart_facts
from catalog.eks_addons import ADDONS
from components.cluster.managed_addons import SPECS
from components.core.addon_spec import AddOnContext, AddOnSpec, every_add_on, values_of
from components.core.tolerations import BY_PATCH, KEEPS_PODS_OUT, TOLERATES_ALL, tolerating
from settings.compute.node_pool import NodePoolSettings
from tests.components.stacks import POOL, stack_with_cluster, stage

DAEMON_SETS = {name: spec.daemons for name, spec in [*every_add_on().items(), *SPECS.items()]}

KEYS = st.sampled_from(["gpu", "nvidia.com/gpu", "dedicated", "team/a"])
TAINTS = st.fixed_dictionaries(
    {
        "key": KEYS,
        "value": st.sampled_from(["", "true", "mig", "h100"]),
        "effect": st.sampled_from(["NoSchedule", "PreferNoSchedule", "NoExecute"]),
    }
)
POOLS = st.lists(
    st.lists(TAINTS, max_size=3, unique_by=lambda taint: (taint["key"], taint["effect"])), min_size=1, max_size=3
)


def pools_with(taints):
    return tuple(
        NodePoolSettings.model_validate({"name": f"pool-{n}", "instance_types": ["g6.12xlarge"], "taints": own})
        for n, own in enumerate(taints)
    )


def context(pools):
    return AddOnContext(
        stage=stage(), cluster="main", kubernetes_version="1.35", pools=pools, gpu_allocation="device-plugin"
    )


def at(values, path):
    for key in path.split("."):
        values = values.get(key, {}) if isinstance(values, dict) else {}
    return values or []


def tolerates(toleration, taint):
    """As the scheduler decides. Source: Kubernetes, "Taints and Tolerations", read 2026-11."""
    if toleration.get("effect", taint.effect) != taint.effect:
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return toleration.get("key", taint.key) == taint.key
    return toleration.get("key") == taint.key and toleration.get("value", "") == taint.value


def kept_out(values, paths, pools):
    """Each DaemonSet with a taint that keeps it out. What gets a patch is in the tests of what makes it."""
    return {
        (path, str(taint))
        for path in paths
        if path not in (TOLERATES_ALL, BY_PATCH)
        for pool in pools
        for taint in pool.taints
        if taint.effect in KEEPS_PODS_OUT and not any(tolerates(t, taint) for t in at(values, path))
    }


def test_every_add_on_says_which_daemons_it_brings():
    assert set(SPECS) == set(ADDONS), "else nobody looks after those of a new one"


@given(POOLS)
def test_no_daemon_of_a_helm_add_on_is_kept_out_by_a_taint(taints):
    pools = pools_with(taints)
    for name, spec in every_add_on().items():
        assert not kept_out(values_of(spec, context(pools)), DAEMON_SETS[name], pools), name


@given(POOLS)
def test_no_daemon_of_an_eks_add_on_is_kept_out_by_a_taint(taints):
    pools = pools_with(taints)
    for name in ADDONS:
        values = tolerating(SPECS[name].configuration(stage()), SPECS[name].daemons, pools)
        assert not kept_out(values, DAEMON_SETS[name], pools), name


def test_a_daemon_that_tolerates_too_little_is_found():
    pools = pools_with([[{"key": "gpu", "value": "mig"}], [{"key": "nvidia.com/gpu", "value": "true"}]])
    by_itself = {"daemonsets": {"tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}]}}
    forgotten = AddOnSpec(
        name="gpu-operator",
        pod_security="privileged",
        daemons=("daemonsets.tolerations",),
        values=lambda context: by_itself,
    )
    found = kept_out(forgotten.values(context(pools)), forgotten.daemons, pools)
    assert [path for path, _ in found] == ["daemonsets.tolerations"]
    assert "mig" in str(found), "the operator's own toleration lets it onto the other pool"


def test_what_the_stack_file_says_of_tolerations_wins(cloud):
    gpu = {"name": "gpu", "instance_types": ["g6.12xlarge"], "min_per_zone": 0, "taints": [{"key": "gpu"}]}
    dcgm = {"configuration": {"dcgmAgent": {"tolerations": [{"operator": "Exists"}]}}}
    for said, expected in (
        ({}, [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]),
        ({"eks-node-monitoring-agent": dcgm}, [{"operator": "Exists"}]),
    ):
        cloud.up_cluster(stack_with_cluster(pools=[POOL, gpu], managed_addons=said))
        agent = cloud.one("addon:Addon", "main-eks-node-monitoring-agent").inputs["configurationValues"]
        assert json.loads(agent)["dcgmAgent"]["tolerations"] == expected


# AWS publishes none. kube-proxy tolerates everything.
WITHOUT_A_CHART = {name for name, daemons in DAEMON_SETS.items() if BY_PATCH in daemons} | {"kube-proxy"}


@pytest.mark.parametrize("name", sorted({name for name, daemons in DAEMON_SETS.items() if daemons} - WITHOUT_A_CHART))
def test_the_charts_have_these_places_and_ship_these_tolerations(name):
    shipped = chart_facts(name).values
    for path in DAEMON_SETS[name]:
        if path == TOLERATES_ALL:
            places = [shipped, *(part for part in shipped.values() if isinstance(part, dict))]
            assert any(
                part.get("tolerateAllTaints") or {"operator": "Exists"} in list(part.get("tolerations", ()))
                for part in places
            )
        elif not path.startswith("node-feature-discovery."):  # a chart of its own, whose values are not in this one
            parent, _, leaf = path.rpartition(".")
            assert leaf in (at(shipped, parent) if parent else shipped), path
