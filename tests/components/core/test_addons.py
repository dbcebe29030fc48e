import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pulumi
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from catalog.chart_facts import schemas
from catalog.charts import CHARTS
from common.helm_values import helm_lines, part_of
from components.compute.node_labels import labels_of
from components.core import iam
from components.core.addon import AddOn, AddOnArgs, make_namespaces
from components.core.addon_spec import (
    AddOnContext,
    AddOnSpec,
    Identity,
    add_on_of,
    check_names,
    every_add_on,
    namespace_levels,
    to_install,
    values_of,
)
from components.core.overlay import overlay
from settings.cluster.addons import AddonSettings
from settings.cluster.cluster import ClusterSettings
from settings.cluster.parts import ClusterParts
from settings.compute.node_pool import NodePoolSettings
from tests.components.stacks import POOL, stack, stack_with_cluster, stage

ROOT = Path(__file__).parents[3]


def spec(name="cert-manager", **more):
    said: dict[str, Any] = {"pod_security": "restricted", "daemons": (), "values": lambda context: {}, **more}
    return AddOnSpec(name=name, **said)


def context(**changes):
    pool = NodePoolSettings.model_validate(POOL)
    return AddOnContext(
        stage=stage(**changes),
        cluster="main",
        kubernetes_version="1.35",
        pools=(pool,),
        gpu_allocation=ClusterSettings.default_of("gpu_allocation"),
    )


def cluster(**addons):
    return ClusterParts.of(
        ClusterSettings(version="1.35", pools=(NodePoolSettings.model_validate(POOL),), addons=addons)
    )


def install(cloud, add_on, values=None):
    def make(ground):
        namespaces = make_namespaces("main", [add_on], context(), pulumi.ResourceOptions())
        args = AddOnArgs(
            spec=add_on,
            settings=AddonSettings(values=values or {}),
            context=context(),
            cluster_name=ground.cluster_name,
            after=list(namespaces.values()),
        )
        return AddOn(f"main-{add_on.name}", args)

    cloud.up_part(make)


def test_every_module_of_a_folder_for_add_ons_is_one_and_has_its_chart_in_the_catalog():
    modules = {path.stem.replace("_", "-") for path in ROOT.glob("components/**/addons/*.py")} - {"--init--"}
    assert set(every_add_on()) == modules, "an add-on is named as its file, so that it is found where it is looked for"
    assert set(every_add_on()) <= set(CHARTS), "the chart, its version and its namespace are the row of the same name"


def module(name, **content):
    made = ModuleType(name)
    vars(made).update(content)
    return made


def test_a_module_without_an_add_on_is_refused_with_what_to_write():
    with pytest.raises(ValueError, match=r"^components/mesh/addons/linkerd.py has no add-on\. Write ADD_ON = "):
        add_on_of(module("components.mesh.addons.linkerd"))


def test_an_add_on_without_a_chart_is_refused_with_the_file_of_its_row():
    with pytest.raises(ValueError, match=r"Add its row to catalog/data/charts/mesh\.json\.$"):
        add_on_of(module("components.mesh.addons.linkerdd", ADD_ON=spec("linkerdd")))


@pytest.mark.parametrize("wrong", [{"conflicts": {"karpentr": "why"}}, {"after": ("karpentr",)}])
def test_an_add_on_that_names_no_add_on_is_refused(wrong):
    with pytest.raises(
        ValueError, match=r"of add-on cert-manager: karpentr is not an add-on\. Did you mean karpenter\?$"
    ):
        check_names({"cert-manager": spec(**wrong), "karpenter": spec("karpenter")})


def test_the_chart_of_an_add_on_stands_in_the_file_of_its_room():
    for path in ROOT.glob("components/*/addons/[a-z]*.py"):
        chart = CHARTS[path.stem.replace("_", "-")]
        assert chart.room == path.parts[-3], (
            f"move the row of {chart.name} to catalog/data/charts/{path.parts[-3]}.json"
        )


def test_add_ons_are_known_without_the_sdks_so_that_a_wrong_stack_file_is_told_at_once():
    program = (
        "import sys, components.stack.stack_file as reader; reader.load_file(__import__('pathlib').Path(sys.argv[1]));"
        "print([name for name in sys.modules if name.startswith(('pulumi_aws.', 'pulumi_eks.', 'pulumi_kubernetes.'))])"
    )
    command = [sys.executable, "-c", program, str(ROOT / "Pulumi.prod.yaml")]
    assert subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout == "[]\n"


def test_a_release_is_pinned_and_waited_for(cloud):
    cloud.up_cluster(stack())
    release = cloud.one("Release", "main-cert-manager")
    assert release.inputs["version"].startswith("v1.")
    assert release.inputs["skipAwait"] is False
    assert release.inputs["timeout"] == 600, "the first images can take longer than the five minutes of Helm"
    assert release.inputs["chart"] == "oci://quay.io/jetstack/charts/cert-manager"
    assert release.inputs["name"] == release.inputs["namespace"] == "cert-manager"
    assert release.stands_on(cloud.one("Namespace"))
    assert release.stands_on(cloud.one("addon:Addon", "main-coredns")), "its pods find nothing without DNS"


def test_an_update_does_not_fail_by_metrics_that_nobody_could_try(cloud):
    waits = {}
    for name in ("dcgm-exporter", "cert-manager"):
        install(cloud, every_add_on()[name])
        waits[name] = not cloud.one("Release").inputs["skipAwait"]
    assert waits == {"dcgm-exporter": False, "cert-manager": True}


def test_a_chart_from_a_repository_names_it(cloud):
    install(cloud, spec("aws-load-balancer-controller"))
    release = cloud.one("Release").inputs
    assert release["chart"] == "aws-load-balancer-controller"
    assert release["repositoryOpts"] == {"repo": "https://aws.github.io/eks-charts"}


def test_the_namespace_enforces_its_level_and_warns_of_more(cloud):
    cloud.up_part(
        lambda _: make_namespaces("main", [spec(pod_security="baseline")], context(), pulumi.ResourceOptions())
    )
    labels = cloud.one("Namespace", "main-namespace-cert-manager").inputs["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "baseline"
    assert labels["pod-security.kubernetes.io/warn"] == labels["pod-security.kubernetes.io/audit"] == "restricted"
    assert labels["pod-security.kubernetes.io/enforce-version"] == "v1.35"


def test_add_ons_that_share_a_namespace_get_one_that_lets_them_all_run():
    shared = [spec(pod_security="restricted"), spec("trust-manager", pod_security="baseline")]
    assert namespace_levels(shared) == {"cert-manager": "baseline"}
    assert namespace_levels(shared[::-1]) == {"cert-manager": "baseline"}
    assert namespace_levels([spec("aws-load-balancer-controller")]) == {}, "kube-system comes with the cluster"


def test_custom_resources_come_after_the_release_that_brings_their_kind(cloud):
    cloud.up_cluster(stack())
    issuer = cloud.one("ClusterIssuer")
    assert issuer.stands_on(cloud.one("Release"))
    assert issuer.inputs["spec"] == {"selfSigned": {}}


def test_permissions_are_there_before_the_pods_that_use_them(cloud):
    statement = iam.allow("FindZones", ["route53:ListHostedZones"], ["*"])
    install(cloud, spec(identities=(Identity(service_account="cert-manager", statements=lambda context: [statement]),)))
    association = cloud.one("PodIdentityAssociation")
    assert association.inputs["serviceAccount"] == association.inputs["namespace"] == "cert-manager"
    assert json.loads(cloud.one("RolePolicy").inputs["policy"])["Statement"] == [statement]
    release = cloud.one("Release")
    assert release.stands_on(association)
    assert release.stands_on(cloud.one("RolePolicy")), "a pod that starts before runs without them until restarted"


def test_each_service_account_has_a_role_of_its_own(cloud):
    statement = iam.allow("FindZones", ["route53:ListHostedZones"], ["*"])
    accounts = ("cert-manager", "cainjector")
    install(
        cloud, spec(identities=tuple(Identity(service_account=a, statements=lambda c: [statement]) for a in accounts))
    )
    assert {a.inputs["serviceAccount"] for a in cloud.all("PodIdentityAssociation")} == set(accounts)
    assert cloud.names("iam/role:Role") == {"main-cert-manager", "main-cert-manager-cainjector"}


def test_an_add_on_without_permissions_gets_no_role(cloud):
    install(cloud, spec())
    assert not cloud.all("iam/role:Role")


def test_what_the_stack_file_says_wins_and_the_rest_stays(cloud):
    values = {"webhook": {"replicaCount": 5}, "crds": {"enabled": True}}
    cloud.up_cluster(stack_with_cluster(addons={"cert-manager": {"values": values}}))
    release = cloud.one("Release").inputs["values"]
    assert release["webhook"]["replicaCount"] == 5
    assert release["webhook"]["podDisruptionBudget"]["enabled"] is True
    assert release["crds"] == {"enabled": True, "keep": True}


def test_an_add_on_can_be_turned_off(cloud):
    cloud.up_cluster(stack_with_cluster(addons={"cert-manager": {"enabled": False}}))
    assert cloud.all("nodeGroup:NodeGroup")
    assert not cloud.all("Release")
    assert not cloud.all("Namespace")


@pytest.mark.parametrize(("environment", "replicas"), [("prod", (2, 3, 2)), ("dev", (1, 1, 1))])
def test_cert_manager_survives_a_node_in_production_and_is_small_elsewhere(environment, replicas):
    values = every_add_on()["cert-manager"].values(context(environment=environment))
    parts = (values, values["webhook"], values["cainjector"])
    assert tuple(p["replicaCount"] for p in parts) == replicas
    assert all(p["podDisruptionBudget"]["enabled"] == (p["replicaCount"] > 1) for p in parts)
    one = {"maxUnavailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow"}
    assert all(p["podDisruptionBudget"].items() >= one.items() for p in parts), "another budget can block a drain"


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_values_fit_the_schemas_that_charts_bring(environment):
    held = set()
    for name, add_on in every_add_on().items():
        values = add_on.values(context(environment=environment))
        for at, (chart, schema) in schemas(name).items():
            assert helm_lines(part_of(values, at), schema) == []
            held.add(chart)
    assert held >= {"cert-manager", "velero", "node-feature-discovery"}, "Helm holds them against these"


def test_add_ons_come_after_those_they_need():
    specs = {s.name: s for s in (spec("karpenter", after=("cert-manager",), on=True), spec(on=True))}
    assert [s.name for s in to_install(specs, cluster())] == ["cert-manager", "karpenter"]


def test_an_add_on_whose_need_is_off_is_refused():
    specs = {s.name: s for s in (spec("karpenter", after=("cert-manager",)), spec(on=True))}
    addons = {"karpenter": {}, "cert-manager": {"enabled": False}}
    with pytest.raises(ValueError, match=r"Turn it on, or turn karpenter off\.$"):
        to_install(specs, cluster(**addons))


def test_an_unknown_add_on_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"There are: cert-manager\.$"):
        to_install({"cert-manager": spec()}, cluster(**{"cert-manger": {}}))


TAINTED = (
    NodePoolSettings.model_validate({**POOL, "taints": [{"key": "gpu", "value": "mig"}]}),
    NodePoolSettings.model_validate({**POOL, "name": "batch", "taints": [{"key": "batch", "effect": "NoExecute"}]}),
)
TOLERATED = [
    {"key": "batch", "operator": "Exists", "effect": "NoExecute"},
    {"key": "gpu", "operator": "Equal", "value": "mig", "effect": "NoSchedule"},
]


def test_daemons_tolerate_the_taints_of_all_pools_beside_what_the_add_on_says_itself():
    add_on = spec(daemons=("daemonsets.tolerations", "worker.tolerations"), values=lambda c: {"worker": {"port": 1}})
    values = values_of(add_on, replace(context(), pools=TAINTED))
    assert values == {"daemonsets": {"tolerations": TOLERATED}, "worker": {"port": 1, "tolerations": TOLERATED}}


def test_without_taints_the_chart_keeps_the_tolerations_it_has():
    assert values_of(spec(daemons=("tolerations",)), context()) == {}


@pytest.mark.parametrize("name", [name for name, add_on in sorted(every_add_on().items()) if add_on.daemons])
def test_what_a_stack_file_says_of_tolerations_holds(cloud, name):
    everything = [{"operator": "Exists"}]
    (path, *_) = every_add_on()[name].daemons
    theirs: object = everything
    for key in reversed(path.split(".")):
        theirs = {key: theirs}
    cloud.up_cluster(
        stack_with_cluster(
            pools=[POOL, {**POOL, "name": "batch", "taints": [{"key": "batch"}]}],
            addons={name: {"values": theirs}, "gpu-operator": {"values": theirs if name == "gpu-operator" else {}}},
        )
    )
    values = cloud.one("Release", f"main-{name}").inputs["values"]
    for key in path.split("."):
        values = values[key]
    assert values == everything


def test_an_add_on_whose_crds_belong_to_another_brings_none(cloud):
    install(cloud, spec(skip_crds=True))
    assert cloud.one("Release").inputs["skipCrds"] is True
    install(cloud, spec())
    assert "skipCrds" not in cloud.one("Release").inputs


def gpu_operator(*pools, **changes):
    settings = tuple(NodePoolSettings.model_validate(pool) for pool in (POOL, *pools))
    return every_add_on()["gpu-operator"].values(replace(context(), pools=settings, **changes))


CUT = {
    "name": "cut",
    "instance_types": ["p4de.24xlarge"],
    "sharing": {"strategy": "mig", "layout": {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}},
    "taints": [{"key": "gpu", "value": "mig"}],
}
SLICED = {
    "name": "sliced",
    "instance_types": ["p5.48xlarge"],
    "sharing": {"strategy": "time-slicing", "replicas": 2},
    "taints": [{"key": "gpu", "value": "h100"}],
}


def test_the_operator_leaves_driver_and_toolkit_to_the_machine_image():
    values = gpu_operator(CUT)
    assert values["driver"] == values["toolkit"] == {"enabled": False}


def test_the_operator_assigns_gpus_by_cdi_because_nodes_ignore_the_variable():
    assert gpu_operator(CUT)["cdi"] == {"enabled": True}, "a pod that was assigned a GPU would not see it"


def test_no_mig_manager_cuts_the_gpus_of_a_running_node():
    assert gpu_operator(CUT)["migManager"] == {"enabled": False}


def test_the_operator_has_every_configuration_that_the_label_of_a_node_names():
    values = gpu_operator(CUT, SLICED)
    for pool in (CUT, SLICED):
        labels = labels_of(NodePoolSettings.model_validate(pool))
        named = labels.get("nvidia.com/device-plugin.config", values["devicePlugin"]["config"]["default"])
        assert named in values["devicePlugin"]["config"]["data"]


def test_nodes_that_carry_no_label_share_nothing():
    values = gpu_operator(SLICED)
    config = values["devicePlugin"]["config"]
    assert "sharing" not in yaml.safe_load(config["data"][config["default"]])


def test_a_gpu_has_one_owner():
    assert gpu_operator(CUT)["devicePlugin"]["enabled"] is True
    assert gpu_operator(CUT, gpu_allocation="dra")["devicePlugin"]["enabled"] is False


def test_the_efa_plugin_runs_on_the_pools_that_have_adapters_and_from_a_registry_of_its_region():
    training = {"name": "train", "instance_types": ["p5.48xlarge"], "efa": True, "zones": ["us-west-2a"]}
    idle = {**training, "name": "idle", "efa": False}
    pools = tuple(NodePoolSettings.model_validate(pool) for pool in (training, idle))
    values = every_add_on()["aws-efa-k8s-device-plugin"].values(replace(context(region="eu-south-2"), pools=pools))
    assert values["supportedInstanceLabels"] == {"keys": ["ml-platform/pool"], "values": ["train"]}
    assert values["image"]["repository"].startswith("455263428931.dkr.ecr.eu-south-2.amazonaws.com/")


def test_off_by_default_means_off():
    assert to_install({"cert-manager": spec()}, cluster()) == []
    assert [s.name for s in to_install({"cert-manager": spec()}, cluster(**{"cert-manager": {}}))] == ["cert-manager"]


TREES = st.recursive(
    st.integers() | st.none() | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
MAPPINGS = st.dictionaries(st.sampled_from("abc"), TREES, max_size=3)


@given(MAPPINGS, MAPPINGS)
def test_laying_over_keeps_all_of_the_top_and_loses_nothing_beside_it(base, over):
    merged = overlay(base, over)
    assert overlay(merged, over) == merged
    assert set(merged) == set(base) | set(over)
    for key in merged:
        if key not in over:
            assert merged[key] == base[key]
        elif not (isinstance(base.get(key), dict) and isinstance(over[key], dict)):
            assert merged[key] == over[key]
