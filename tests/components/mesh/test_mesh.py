"""The mesh as it is built: who is in it, what starts before what, and what nobody renews unasked."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.core.addon_spec import AddOnContext
from components.core.namespaces import in_mesh
from components.mesh.addons import linkerd2_cni, linkerd_control_plane, linkerd_viz
from components.mesh.identity import WEBHOOKS, certificates
from components.stack.live import LiveStack
from settings.compute.node_pool import NodePoolSettings
from settings.mesh.mesh import MeshSettings
from settings.stack.stack import StackSettings
from simulator.cloud import Cloud
from simulator.kubernetes.certificates import certificates as issued
from simulator.kubernetes.certificates import findings
from simulator.kubernetes.clusters import Cluster
from tests.components.conftest import PlatformCloud
from tests.components.stacks import CLUSTER, POOL, stack, stage

FILES = {"home": {"purpose": "shared", "used_by": [{"namespace": "research", "mode": "write"}, {"namespace": "lab"}]}}
MESH: dict[str, Any] = {"mesh": {"namespaces": ["research"]}, "storage": {"file_systems": FILES}}


def context(mesh: MeshSettings, *pools: dict[str, Any], **more: Any) -> AddOnContext:
    return AddOnContext(
        stage=stage(),
        cluster="main",
        kubernetes_version="1.35",
        pools=tuple(NodePoolSettings.model_validate(pool) for pool in (POOL, *pools)),
        gpu_allocation="device-plugin",
        mesh=mesh,
        zones=3,
        **more,
    )


def namespaces(cloud: PlatformCloud) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in cloud.all("core/v1:Namespace"):
        metadata = each.inputs["metadata"]
        yield metadata["name"], metadata


def test_every_namespace_of_the_platform_is_in_the_mesh_or_kept_from_its_webhooks(cloud: PlatformCloud) -> None:
    cloud.up(stack(**MESH))
    found = dict(namespaces(cloud))
    assert found["research"]["annotations"] == {"linkerd.io/inject": "enabled"}
    outside = {name for name, each in found.items() if each["labels"].get("config.linkerd.io/admission-webhooks")}
    assert outside == set(found) - {"research"}, "where the injector is down, nothing waits for it there"
    assert {"lab", "linkerd", "linkerd-cni", "cert-manager"} <= outside
    assert found["linkerd"]["labels"]["linkerd.io/is-control-plane"] == "true", "the anchors are written where this is"
    assert "linkerd.io/extension" in in_mesh(MeshSettings(viz=True), "linkerd-viz"), "its own pods are meshed"


def test_what_the_control_plane_needs_is_there_before_it(cloud: PlatformCloud) -> None:
    cloud.up(stack(**MESH))
    control_plane = cloud.one("helm.sh/v3:Release", "main-linkerd-control-plane")
    before = "main-linkerd-control-plane"
    for name in ("anchor-first", "identity-issuer", *WEBHOOKS):
        certificate = cloud.one("cert-manager.io/v1:Certificate", f"{before}-{name}")
        assert cloud.comes_after(control_plane, certificate), name
    issuer = cloud.one("cert-manager.io/v1:Certificate", f"{before}-identity-issuer").inputs["spec"]
    assert (issuer["duration"], issuer["renewBefore"]) == ("48h0m0s", "25h0m0s"), "a day to notice, while it is valid"
    bundle = cloud.one("trust.cert-manager.io/v1alpha1:Bundle", f"{before}-trust-roots")
    assert cloud.comes_after(control_plane, bundle)
    for chart in ("linkerd-crds", "linkerd2-cni", "trust-manager", "cert-manager"):
        assert cloud.comes_after(control_plane, cloud.one("helm.sh/v3:Release", f"main-{chart}")), chart
    assert cloud.comes_after(bundle, cloud.one("helm.sh/v3:Release", "main-trust-manager"))
    routes = cloud.one("CustomResourceDefinition", "main-gateway-api-httproutes")
    assert cloud.one("helm.sh/v3:Release", "main-linkerd-crds").stands_on(routes)


def test_the_plugin_stays_off_nodes_whose_pods_send_past_the_proxy() -> None:
    efa = {"name": "training", "instance_types": ["p5.48xlarge"], "zones": ["us-west-2a"], "efa": True}
    affinity = linkerd2_cni.values(context(MeshSettings(), efa))["nodeAffinity"]
    (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": "ml-platform/pool", "operator": "NotIn", "values": ["training"]}]
    left_out = linkerd2_cni.values(
        context(MeshSettings(), {"name": "lab", "instance_types": ["g6.xlarge"], "meshed": False})
    )
    assert "'lab'" in str(left_out["nodeAffinity"])
    plain = linkerd2_cni.values(context(MeshSettings()))
    assert "nodeAffinity" not in plain
    assert plain["priorityClassName"] == "system-node-critical", "else another pod could keep it off a node"
    assert plain["iptablesMode"] == "plain", "Bottlerocket has no iptables-nft"
    assert plain["repairController"]["enabled"], "the first pods of a new node start before the plugin"
    assert plain["resources"]["memory"]["limit"] == "256Mi", "where it is killed, no pod starts on its node any more"


@pytest.mark.parametrize(
    ("nodes_per_zone", "said", "replicas", "policy"),
    [(1, None, 3, "Fail"), (0, None, 1, "Ignore"), (1, False, 1, "Ignore")],
)
def test_webhooks_fail_closed_only_where_three_injectors_run(
    nodes_per_zone: int, said: bool | None, replicas: int, policy: str
) -> None:
    made = context(MeshSettings(high_availability=said))
    pool = NodePoolSettings.model_validate({**POOL, "min_per_zone": nodes_per_zone})
    values = linkerd_control_plane.values(replace(made, pools=(pool,)))
    assert (values["controllerReplicas"], values["webhookFailurePolicy"]) == (replicas, policy)
    assert values["enablePodAntiAffinity"] == values["enablePodDisruptionBudget"] == (replicas == 3)
    assert ("deploymentStrategy" in values) == (replicas == 3), "on three nodes a fourth replica cannot start first"


def test_the_chart_makes_no_webhook_certificate_and_no_key() -> None:
    values = linkerd_control_plane.values(context(MeshSettings()))
    secrets = {
        each["spec"]["secretName"]
        for each in certificates(MeshSettings(), "d").values()
        if "secretName" in each["spec"]
    }
    for value, name in zip(("proxyInjector", "profileValidator", "policyValidator"), WEBHOOKS, strict=True):
        assert values[value] == {"externalSecret": True, "injectCaFrom": f"linkerd/{name}"}
        assert f"{name}-k8s-tls" in secrets
    assert values["identity"] == {"externalCA": True, "issuer": {"scheme": "kubernetes.io/tls"}}
    resources = values["proxy"]["resources"]
    assert all(resources[kind][part] for kind in ("cpu", "memory") for part in ("request", "limit")), (
        "quotas count them"
    )


def test_the_dashboard_brings_no_hook_and_no_certificate_of_its_own() -> None:
    values = linkerd_viz.values(context(MeshSettings(viz=True)))
    assert values["createNamespaceMetadataJob"] is False, "a hook that hangs ends the release"
    assert values["tap"]["externalSecret"] is values["tapInjector"]["externalSecret"] is True


def test_the_dashboard_stands_beside_namespaces_that_refuse_everybody(cloud: PlatformCloud) -> None:
    """Its policies name service accounts that its chart makes."""
    cloud.up(stack(**{**MESH, "mesh": {"namespaces": ["research"], "viz": True, "inbound": "deny"}}))
    assert list(cloud.all("AuthorizationPolicy")), "proxies of the control plane are asked for metrics"


def test_a_proxy_fits_a_common_limit_range_by_itself() -> None:
    """A LimitRange judges what a pod says, so a proxy with all four is never given the defaults of a namespace."""
    resources = linkerd_control_plane.values(context(MeshSettings()))["proxy"]["resources"]
    assert resources["cpu"] == {"request": "100m", "limit": "1"}
    assert resources["memory"] == {"request": "20Mi", "limit": "250Mi"}


def test_every_range_of_the_cluster_is_one_of_the_mesh() -> None:
    ranges = ("198.18.0.0/16", "100.64.0.0/16", "10.20.0.0/16", "172.20.0.0/16")
    values = linkerd_control_plane.values(context(MeshSettings(), networks=ranges))
    known = [IPv4Network(each) for each in values["clusterNetworks"].split(",") if ":" not in each]
    assert all(any(IPv4Network(each).subnet_of(one) for one in known) for each in ranges)


def test_no_identity_of_one_cluster_is_one_of_another(cloud: PlatformCloud) -> None:
    cloud.up(stack(clusters={"main": CLUSTER, "other": CLUSTER}, mesh={}))
    releases = [
        each.inputs for each in cloud.all("helm.sh/v3:Release") if each.inputs["name"] == "linkerd-control-plane"
    ]
    domains = {each["values"]["identityTrustDomain"] for each in releases}
    assert domains == {"main.us-west-2.ml-platform-prod", "other.us-west-2.ml-platform-prod"}
    issuers = [
        each.inputs["spec"]["dnsNames"]
        for each in cloud.all("cert-manager.io/v1:Certificate")
        if each.inputs["metadata"]["name"] == "linkerd-identity-issuer"
    ]
    assert sorted(issuers) == [[f"identity.linkerd.{domain}"] for domain in sorted(domains)], (
        "the controller asks for it"
    )


def test_each_source_of_the_bundle_is_the_secret_of_a_declared_anchor() -> None:
    objects = certificates(MeshSettings(anchors=("first", "second"), issuing_anchor="second"), "d")
    anchors = [objects[f"anchor-{name}"] for name in ("first", "second")]
    sources = [each["secret"]["name"] for each in objects["trust-roots"]["spec"]["sources"]]
    assert sources == [each["spec"]["secretName"] for each in anchors]
    assert objects["identity-authority"]["spec"]["ca"]["secretName"] == "linkerd-trust-anchor-second"
    order = list(objects)
    assert order.index("anchor-second") < order.index("identity-authority") < order.index("identity-issuer")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with closing(Cloud(tmp_path / "cloud.sqlite")) as cloud:
        made = Cluster(cloud, "main", "us-west-2")
        for each in certificates(MeshSettings(), "d").values():
            made.put(dict(each), each["metadata"].get("namespace", ""))
        release = {"apiVersion": "helm.sh/v3", "kind": "Release", "metadata": {"name": "linkerd-control-plane"}}
        values = linkerd_control_plane.values(context(MeshSettings()))
        made.put({**release, "chart": "linkerd-control-plane", "values": values}, "linkerd")
        yield made


@pytest.mark.parametrize("day", [61, 366, 3000])
def test_nothing_renews_an_anchor_and_no_webhook_ends(cluster: Cluster, day: int) -> None:
    assert list(findings(cluster, day)) == []
    authorities = [
        each for each in issued(cluster) if each.secret.startswith(("linkerd-trust-anchor", "linkerd-webhook"))
    ]
    assert len(authorities) == 2
    for each in authorities:
        assert each.renewals(day) == 0, "only people renew an authority"
        assert each.keeps_key, "and where people do, its pods trust the same key"


def test_an_anchor_that_is_renewed_by_itself_ends_the_mesh_on_day_sixty(cluster: Cluster) -> None:
    anchor = certificates(MeshSettings(), "d")["anchor-first"]
    upstream = {"duration": "8760h", "renewBefore": "7320h", "privateKey": {"rotationPolicy": "Always"}}
    spec = {key: value for key, value in anchor["spec"].items() if key != "renewal"}
    cluster.put({**anchor, "spec": {**spec, **upstream}}, "cert-manager")
    assert list(findings(cluster, 59)) == []
    (finding,) = findings(cluster, 61)
    assert finding.startswith("cert-manager/linkerd-trust-anchor-first got a new key on day 60:")


def test_certificates_of_the_chart_end_after_a_year(cluster: Cluster) -> None:
    (release,) = cluster.releases()
    cluster.put({**release.state, "values": {}}, "linkerd")
    assert list(findings(cluster, 364)) == []
    assert len(list(findings(cluster, 366))) == 3


Step = tuple[tuple[str, ...], str | None]
ROTATION: tuple[Step, ...] = (
    (("first",), None),
    (("first", "second"), "first"),
    (("first", "second"), "second"),
    (("second",), None),
)


def outputs(anchors: tuple[str, ...], issuer: str | None) -> dict[str, Any]:
    mesh = {"anchors": list(anchors), "issuer": issuer or anchors[0]}
    return {"clusters": {"main": {"name": "ml-platform-prod-main", "mesh": mesh}}}


def refusal(before: Step, after: Step) -> str:
    settings = stack(mesh={"anchors": list(after[0]), "issuing_anchor": after[1]})
    with pytest.raises(pulumi.RunError) as error:
        LiveStack(outputs(*before)).check(stage(), settings)
    return str(error.value)


@pytest.mark.parametrize("step", range(3))
def test_an_anchor_rotates_in_steps_in_each_of_which_all_pods_trust_each_other(step: int) -> None:
    before, after = ROTATION[step], ROTATION[step + 1]
    settings = stack(mesh={"anchors": list(after[0]), "issuing_anchor": after[1]})
    LiveStack(outputs(*before)).check(stage(), settings)
    issuers = {before[1] or before[0][0], after[1] or after[0][0]}  # of identities that are up while it is applied
    for trusted in (set(before[0]), set(after[0])):  # by pods that have not started again, and by those that have
        assert issuers <= trusted


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (ROTATION[0], (("second",), None), "second would sign identities, and no pod that is up trusts it yet"),
        (ROTATION[0], ROTATION[2], "second would sign identities"),
        (ROTATION[1], ROTATION[3], "first goes, and pods that are up have identities that it has signed"),
    ],
)
def test_a_step_that_would_part_the_pods_is_refused(before: Step, after: Step, why: str) -> None:
    said = refusal(before, after)
    assert why in said
    assert said.endswith("docs/guides/mesh/rotate-the-anchor.md.")


def test_the_mesh_goes_after_the_proxies_of_its_pods(cloud: PlatformCloud) -> None:
    before = cloud.up(stack(**MESH)).outputs()["clusters"]["main"]["mesh"]
    assert before["namespaces"] == ["research"]
    with pytest.raises(pulumi.RunError) as error:
        LiveStack({"clusters": {"main": {"mesh": before}}}).check(stage(), stack())
    assert "pods of research have proxies that need it" in str(error.value)
    assert str(error.value).endswith("docs/guides/mesh/leave-the-mesh.md.")
    LiveStack({"clusters": {"main": {"mesh": {**before, "namespaces": []}}}}).check(stage(), stack())


def test_the_mesh_waits_for_the_pods_of_a_namespace_that_has_left_the_stack(
    cloud: PlatformCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    def after(live: LiveStack, settings: StackSettings) -> LiveStack:
        monkeypatch.setattr(LiveStack, "read", lambda: live)
        outputs = cloud.up(settings).outputs()
        return LiveStack(
            {"kept": outputs["kept"], "clusters": {"main": {"mesh": outputs["clusters"]["main"].get("mesh")}}}
        )

    live = after(LiveStack({}), stack(**MESH))
    for _ in range(2):  # it stays known
        live = after(live, stack(mesh={}))
        assert live.meshed("main") == ["research"]
    with pytest.raises(pulumi.RunError, match="First bring research back under teams, take the namespaces out"):
        after(live, stack())
    team = {"name": "lab", "namespaces": ["research"]}
    live = after(live, stack(mesh={}, teams=[team]))
    assert not live.meshed("main"), "it is in the stack again, and outside of the mesh"
    after(live, stack(teams=[team]))


def test_prometheus_of_viz_has_the_memory_that_its_makers_give_it() -> None:
    """Its series grow with pods of the mesh. Source: linkerd2 edge-26.8.3, viz/charts/linkerd-viz/values-ha.yaml."""
    memory = linkerd_viz.values(context(MeshSettings(viz=True)))["prometheus"]["resources"]["memory"]
    assert memory == {"request": "300Mi", "limit": "8192Mi"}
