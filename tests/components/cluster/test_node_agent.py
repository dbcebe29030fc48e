"""EKS's node monitoring agent keeps its engine of DCGM away from GPUs that are cut into MIG slices."""

import json
from typing import Any

from catalog.eks_addons import ADDONS, release_of
from components.compute.node_labels import labels_of
from settings.compute.node_pool import NodePoolSettings
from tests.components.conftest import PlatformCloud
from tests.components.stacks import CLUSTER, POOL, stack

WHOLE = {"name": "gpu", "instance_types": ["p4de.24xlarge"], "min_per_zone": 0}
CUT = {**WHOLE, "name": "cut", "sharing": {"strategy": "mig", "layout": {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}}}


def agent(cloud: PlatformCloud, *pools: dict[str, Any]) -> dict[str, Any]:
    cloud.up_cluster(stack(clusters={"main": {**CLUSTER, "pools": [POOL, *pools]}}))
    text = cloud.one("addon:Addon", "main-eks-node-monitoring-agent").inputs.get("configurationValues")
    found: dict[str, Any] = json.loads(text) if text else {}
    return found


def runs_on(affinity: Any, pool: dict[str, Any], arch: str = "amd64") -> bool:
    labels = {**labels_of(NodePoolSettings.model_validate(pool)), "kubernetes.io/arch": arch}
    (term,) = affinity["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    return all(
        (labels.get(each["key"]) in each["values"]) == (each["operator"] == "In") for each in term["matchExpressions"]
    )


def test_no_engine_has_gpus_open_that_are_cut(cloud: PlatformCloud) -> None:
    affinity = agent(cloud, WHOLE, CUT)["dcgmAgent"]["affinity"]
    assert not runs_on(affinity, CUT)
    assert runs_on(affinity, WHOLE), "health of whole GPUs is watched as before"
    assert not runs_on(affinity, WHOLE, arch="arm64"), "AWS starts it on x86_64 only"
    assert not runs_on(affinity, POOL)


def test_without_such_gpus_the_rule_of_aws_stands(cloud: PlatformCloud) -> None:
    assert "affinity" not in agent(cloud, WHOLE).get("dcgmAgent", {})


def test_an_engine_that_died_is_seen_where_a_version_that_shows_it_is_known() -> None:
    pinned = ADDONS["eks-node-monitoring-agent"].versions
    assert {head for head, version in pinned.items() if release_of(version) >= (1, 7, 0)} == {"1.35", "1.36"}, (
        "before 1.7 its pod sleeps on"
    )
