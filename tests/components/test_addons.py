import json
from pathlib import Path

import jsonschema
import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.charts import CHARTS
from components import iam
from components.addon import (
    AddOn,
    AddOnArgs,
    AddOnContext,
    AddOnSpec,
    discover,
    make_namespaces,
    namespace_levels,
    wanted,
)
from components.overlay import overlay
from settings.addon_names import addon_names
from settings.cluster import AddonSettings
from tests.components.stacks import stack, stack_with_cluster, stage

CHART_SOURCES = Path(__file__).parents[3] / "shared/charts"


def spec(name="cert-manager", **more):
    return AddOnSpec(**{"name": name, "pod_security": "restricted", "values": lambda context: {}, **more})


def context(**changes):
    return AddOnContext(stage=stage(**changes), cluster="main", kubernetes_version="1.35")


def install(cloud, add_on, values=None):
    args = AddOnArgs(
        spec=add_on,
        settings=AddonSettings(values=values or {}),
        context=context(),
        cluster_name="ml-platform-prod-main",
    )
    cloud.build(lambda: AddOn(f"main-{add_on.name}", args))


def test_add_ons_are_found_by_being_there_and_the_catalog_knows_the_same_ones():
    assert set(discover()) == set(addon_names()), "a stack file may name every module there, by its file's name"
    assert set(discover()) <= set(CHARTS), "the chart, its version and its namespace are the row of the same name"


def test_a_release_is_pinned_and_waited_for(cloud):
    cloud.up_cluster(stack())
    release = cloud.one("Release", "main-cert-manager")
    assert release.inputs["version"].startswith("v1.")
    assert release.inputs["skipAwait"] is False
    assert release.inputs["chart"] == "oci://quay.io/jetstack/charts/cert-manager"
    assert release.inputs["name"] == release.inputs["namespace"] == "cert-manager"
    assert release.stands_on(cloud.one("Namespace"))
    assert release.stands_on(cloud.one("addon:Addon", "main-coredns")), "its pods find nothing without DNS"


def test_a_chart_from_a_repository_names_it(cloud):
    install(cloud, spec("aws-load-balancer-controller"))
    release = cloud.one("Release").inputs
    assert release["chart"] == "aws-load-balancer-controller"
    assert release["repositoryOpts"] == {"repo": "https://aws.github.io/eks-charts"}


def test_the_namespace_enforces_its_level_and_warns_of_more(cloud):
    cloud.build(lambda: make_namespaces("main", [spec(pod_security="baseline")], context(), pulumi.ResourceOptions()))
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
    install(cloud, spec(service_account="cert-manager", statements=lambda context: [statement]))
    association = cloud.one("PodIdentityAssociation")
    assert association.inputs["serviceAccount"] == association.inputs["namespace"] == "cert-manager"
    assert json.loads(cloud.one("RolePolicy").inputs["policy"])["Statement"] == [statement]
    release = cloud.one("Release")
    assert release.stands_on(association)
    assert release.stands_on(cloud.one("RolePolicy")), "a pod that starts before runs without them until restarted"


def test_an_add_on_without_permissions_gets_no_role(cloud):
    install(cloud, spec())
    assert not cloud.all("iam/role:Role")


def test_what_the_stack_file_says_wins_and_the_rest_stays(cloud):
    values = {"webhook": {"replicaCount": 5}, "crds": {"enabled": True}}
    cloud.up_cluster(stack_with_cluster(addons={"cert-manager": {"values": values}}))
    release = cloud.one("Release").inputs["values"]
    assert release["webhook"]["replicaCount"] == 5
    assert release["webhook"]["podDisruptionBudget"] == {"enabled": True}
    assert release["crds"] == {"enabled": True, "keep": True}


def test_an_add_on_can_be_turned_off(cloud):
    cloud.up_cluster(stack_with_cluster(addons={"cert-manager": {"enabled": False}}))
    assert cloud.all("nodeGroup:NodeGroup")
    assert not cloud.all("Release")
    assert not cloud.all("Namespace")


@pytest.mark.parametrize(("environment", "replicas"), [("prod", (2, 3, 2)), ("dev", (1, 1, 1))])
def test_cert_manager_survives_a_node_in_production_and_is_small_elsewhere(environment, replicas):
    values = discover()["cert-manager"].values(context(environment=environment))
    parts = (values, values["webhook"], values["cainjector"])
    assert tuple(p["replicaCount"] for p in parts) == replicas
    assert all(p["podDisruptionBudget"]["enabled"] == (p["replicaCount"] > 1) for p in parts), "it would block drains"


@pytest.mark.parametrize("name", sorted(discover()))
@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_values_fit_the_schema_that_the_chart_brings(name, environment):
    schema = CHART_SOURCES / name / "values.schema.json"
    if not schema.exists():
        pytest.skip(f"no schema of {name} beside the project")
    values = discover()[name].values(context(environment=environment))
    jsonschema.validate(values, json.loads(schema.read_text(encoding="utf-8")))


def test_add_ons_come_after_those_they_need():
    specs = {s.name: s for s in (spec("karpenter", after=("cert-manager",), on=True), spec(on=True))}
    assert [s.name for s in wanted(specs, {})] == ["cert-manager", "karpenter"]


def test_an_add_on_whose_need_is_off_is_refused():
    specs = {s.name: s for s in (spec("karpenter", after=("cert-manager",)), spec(on=True))}
    settings = {"karpenter": AddonSettings(), "cert-manager": AddonSettings(enabled=False)}
    with pytest.raises(ValueError, match=r"Turn it on, or karpenter off\.$"):
        wanted(specs, settings)


def test_an_unknown_add_on_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"There are: cert-manager\.$"):
        wanted({"cert-manager": spec()}, {"cert-manger": AddonSettings()})


def test_off_by_default_means_off():
    assert wanted({"cert-manager": spec()}, {}) == []
    assert [s.name for s in wanted({"cert-manager": spec()}, {"cert-manager": AddonSettings()})] == ["cert-manager"]


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
