"""Helm values that a chart would ignore or refuse."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from catalog.chart_facts import values_tree
from components.core.addon_spec import AddOnContext, every_add_on
from components.stack.stack_file import load_file
from settings.cluster.fixed_values import FixedValue, changed, never, of_service_accounts, without
from settings.cluster.helm_values import mistakes_of, value_mistakes
from settings.compute.node_pool import NodePoolSettings
from settings.stack.loader import SettingsError
from tests.components.stacks import POOL, stage
from tests.settings.stacks import TODAY, problems, stack

ADD_ONS: tuple[str, ...] = ("clusters", "main", "addons")


def said(*values: tuple[tuple[str, ...], Any]) -> list[tuple[str, str]]:
    raw = stack(*(((*ADD_ONS, name, "values", *path), value) for (name, *path), value in values))
    return [(problem.path.removeprefix("clusters.main.addons."), problem.message) for problem in problems(raw)]


def test_a_misspelt_key_and_a_text_for_a_number_are_reported_at_once_with_their_places(tmp_path: Path) -> None:
    values = {"replicacount": 5, "webhook": {"replicaCount": "three"}}
    raw = stack(((*ADD_ONS, "cert-manager"), {"values": values}))
    path = tmp_path / "Pulumi.test.yaml"
    path.write_text(yaml.safe_dump({"config": {f"ml-platform:{key}": value for key, value in raw.items()}}))
    with pytest.raises(SettingsError) as error:
        load_file(path, TODAY)
    lines = path.read_text().splitlines()
    first, second = error.value.problems
    assert (first.path, second.path) == (
        "clusters.main.addons.cert-manager.values.replicacount",
        "clusters.main.addons.cert-manager.values.webhook.replicaCount",
    )
    assert first.message.endswith("would change nothing. Did you mean replicaCount?")
    assert second.message.endswith("Write a number, without quotes.")
    for problem, text in ((first, "replicacount: 5"), (second, "replicaCount: three")):
        assert problem.position is not None
        assert text in lines[problem.position.line - 1]


def test_a_switch_that_nothing_reads_is_refused() -> None:
    gpus = {"name": "gpu", "instance_types": ["g6.xlarge"], "min_per_zone": 0, "taints": [{"key": "gpu"}]}
    values = {"devicePlugin": {"enable": False}}
    raw = stack((("clusters", "main", "pools", 1), gpus), ((*ADD_ONS, "gpu-operator"), {"values": values}))
    (problem,) = problems(raw)
    assert problem.path == "clusters.main.addons.gpu-operator.values.devicePlugin.enable"
    assert problem.message == (
        "the chart gpu-operator v26.7.0 reads no enable here, so it would change nothing. Did you mean enabled?"
    )


POOLS = (NodePoolSettings.model_validate(POOL),)


def gpu_operator(values: Any) -> list[tuple[str, str]]:
    gpus = {"name": "gpu", "instance_types": ["g6.xlarge"], "min_per_zone": 0, "taints": [{"key": "gpu"}]}
    raw = stack((("clusters", "main", "pools", 1), gpus), ((*ADD_ONS, "gpu-operator"), {"values": values}))
    return [(problem.path.partition(".values.")[2], problem.message) for problem in problems(raw)]


@pytest.mark.parametrize(
    ("values", "path", "end"),
    [
        ({"toolkit": {"enabled": True}}, "toolkit.enabled", "without a request. Drop it."),
        ({"toolkit": {"enabled": None}}, "toolkit.enabled", "without a request. Drop it."),
        ({"toolkit": None}, "toolkit", "without a request. Drop it."),
        ({"toolkit": {"enabled": "false"}}, "toolkit.enabled", "without a request. Drop it."),
        ({"migManager": {"enabled": True}}, "migManager.enabled", "they are cut at boot. Drop it."),
        ({"cdi": {"enabled": False}}, "cdi.enabled", "pods would find no GPU. Drop it."),
        ({"cdi": {"nriPluginEnabled": True}}, "cdi.nriPluginEnabled", "pods would find no GPU. Drop it."),
        *(
            ({"devicePlugin": {"env": [{"name": name, "value": "any"}]}}, "devicePlugin.env", "others use. Drop it.")
            for name in ("DEVICE_LIST_STRATEGY", "MIG_STRATEGY", "CONFIG_FILE")
        ),
        ({"devicePlugin": {"enabled": True}}, "devicePlugin.enabled", "GPUs that others have. Drop it."),
        ({"devicePlugin": {"args": ["exec nvidia-device-plugin"]}}, "devicePlugin.args", "others use. Drop it."),
        *(({"mig": {"strategy": way}}, "mig.strategy", "whole GPUs. Drop it.") for way in ("single", "mixed", None)),
        ({"mig": None}, "mig", "whole GPUs. Drop it."),
        ({"devicePlugin": None}, "devicePlugin", "others use. Drop it."),
        *(
            ({"devicePlugin": {"config": {key: value}}}, f"devicePlugin.config.{key}", "whole GPUs. Drop it.")
            for key, value in (
                ("name", "mine"),
                ("create", False),
                ("default", "time-slicing-4"),
                ("default", None),
                ("data", None),
                ("data", {"none": "flags: {plugin: {deviceListStrategy: envvar}}"}),
                ("data", {"none": "{version: v1, flags: {migStrategy: single}}"}),
                ("data", {"mine": "{version: v1, flags: {migStrategy: mixed}}"}),
                ("data", {1: "{version: v1, flags: {migStrategy: mixed}}"}),
            )
        ),
        ({"devicePlugin": {"config": None}}, "devicePlugin.config", "whole GPUs. Drop it."),
    ],
)
def test_values_that_keep_gpus_apart_stay(values: dict[str, Any], path: str, end: str) -> None:
    ((place, message),) = gpu_operator(values)
    assert place == path
    assert message.endswith(end)


def test_what_is_read_of_gpus_stays() -> None:
    for values, path, end in (
        ({"config": {"name": "mine"}}, "dcgmExporter.config", "leaves alerts silent. Drop it."),
        ({"serviceMonitor": {"enabled": True}}, "dcgmExporter.serviceMonitor.enabled", "each GPU twice. Drop it."),
        ({"hostNetwork": True}, "dcgmExporter.hostNetwork", "no network policy holds there. Drop it."),
    ):
        ((place, message),) = gpu_operator({"dcgmExporter": values})
        assert place.startswith(path)
        assert message.endswith(end)


def test_other_values_of_the_gpu_operator_may_change() -> None:
    plugin = {"env": [{"name": "PASS_DEVICE_SPECS", "value": "true"}], "args": [], "config": {"create": True}}
    values = {"toolkit": {"enabled": False}, "devicePlugin": plugin, "mig": {"strategy": ""}}
    assert gpu_operator({**values, "cdi": {"enabled": True}}) == []


def test_a_null_above_a_fixed_value_is_refused_whatever_the_value_may_be() -> None:
    fixed = (FixedValue(path="plugin.env", keeps=without("strategy"), why="would be lost."),)
    assert list(changed({"plugin": None}, fixed)) == [(("plugin",), "would be lost. Drop it.")]
    assert list(changed({"plugin": {"env": None}}, fixed)) == []


@pytest.mark.parametrize(
    ("name", "value"), [("ENABLE_PREFIX_DELEGATION", value) for value in (None, "False", False)] + [("MAX_ENI", "1")]
)
def test_the_address_plan_stays(name: str, value: Any) -> None:
    cni = {"configuration": {"env": {name: value}}}
    (problem,) = problems(stack((("clusters", "main", "managed_addons"), {"vpc-cni": cni})))
    assert problem.path.endswith(f"vpc-cni.configuration.env.{name}")


@pytest.mark.parametrize(
    ("name", "path", "value", "why"),
    [
        ("cert-manager", "webhook.podDisruptionBudget.minAvailable", 1, "only one of minAvailable and maxUnavailable"),
        ("external-secrets", "certController.podDisruptionBudget.minAvailable", 1, "only one of minAvailable and"),
        ("cert-manager", "podDisruptionBudget.maxUnavailable", 0, "No node with one of its pods gets empty."),
        ("trust-manager", "podDisruptionBudget.maxUnavailable", "0%", "No node with one of its pods gets empty."),
        ("linkerd-control-plane", "controller.podDisruptionBudget.maxUnavailable", "0", "No node with one of its"),
        ("karpenter", "podDisruptionBudget.maxUnavailable", 0, "No node with one of its pods gets empty."),
        ("cluster-autoscaler", "podDisruptionBudget.minAvailable", "100%", "only one of minAvailable and"),
    ],
)
def test_a_budget_of_an_add_on_lets_nodes_get_empty(name: str, path: str, value: Any, why: str) -> None:
    assert why in with_values(name, path, value)[f"clusters.main.addons.{name}.values.{path}"]


def test_a_budget_of_an_add_on_may_let_more_pods_go() -> None:
    path = "podDisruptionBudget.maxUnavailable"
    assert f"clusters.main.addons.cert-manager.values.{path}" not in with_values("cert-manager", path, "10%")


def test_an_add_on_keeps_its_fixed_values_itself() -> None:
    context = AddOnContext(
        stage=stage(), cluster="main", kubernetes_version="1.35", pools=POOLS, gpu_allocation="device-plugin"
    )
    for name, spec in every_add_on().items():
        fixed = [*spec.fixed, *of_service_accounts([account for _, account in spec.service_accounts])]
        open_to_us = [each for each in fixed if each.keeps is not never]  # the others are ours alone
        assert list(changed(spec.values(context), open_to_us)) == [], name


GATES = "controllerConfig.featureGates"


@pytest.mark.parametrize(
    ("name", "path", "value", "why"),
    [
        ("aws-load-balancer-controller", f"{GATES}.ServiceTypeLoadBalancerOnly", False, "a Service of any type"),
        ("aws-load-balancer-controller", f"{GATES}.ALBGatewayAPI", False, "The doors are Gateways"),
        ("aws-load-balancer-controller", f"{GATES}.NLBGatewayAPI", False, "The doors are Gateways"),
        ("aws-load-balancer-controller", "clusterName", "own", "this cluster's name"),
        ("aws-load-balancer-controller", "region", "eu-west-1", "the region of the stack"),
        ("aws-load-balancer-controller", "vpcId", "vpc-1", "by its tags"),
        ("aws-load-balancer-controller", "vpcTags", {"a": "b"}, "the tags of the stack's VPC"),
        ("aws-load-balancer-controller", "keepTLSSecret", False, "another authority"),
        ("aws-load-balancer-controller", "enableServiceMutatorWebhook", True, "no Service of the cluster is made"),
        ("aws-load-balancer-controller", "defaultTargetType", "instance", "ports of nodes"),
        ("aws-load-balancer-controller", "defaultLoadBalancerScheme", "internet-facing", "public"),
        ("aws-load-balancer-controller", "disableIngressClassAnnotation", False, "annotations undo"),
        ("aws-load-balancer-controller", "disableIngressGroupNameAnnotation", False, "annotations undo"),
        ("aws-load-balancer-controller", "watchNamespace", "team", "for it as it is"),
        ("aws-load-balancer-controller", "enableWaf", True, "for it as it is"),
        ("aws-load-balancer-controller", "enableShield", True, "for it as it is"),
        ("aws-load-balancer-controller", "enableWafv2", True, "where a door has a web ACL"),
        ("aws-load-balancer-controller", "createIngressClassResource", True, "The class is there already"),
        ("linkerd-control-plane", "proxyInit", {"logLevel": "debug"}, "beside the CNI plugin"),
        ("linkerd-control-plane", "webhookFailurePolicy", "Fail", "at each restart of it"),
        ("linkerd-control-plane", "proxy.nativeSidecar", False, "Jobs never end"),
        ("linkerd2-cni", "repairController.enabled", False, "never start"),
    ],
)
def test_what_doors_and_mesh_rely_on_stays(name: str, path: str, value: Any, why: str) -> None:
    found = with_values(name, path, value)
    assert why in found[f"clusters.main.addons.{name}.values.{path}"]


OF_KPS: dict[str, Any] = {
    "prometheus.prometheusSpec.additionalRemoteWrite": [{"url": "https://elsewhere.example.com"}],
    "prometheus.prometheusSpec.thanos": {"objectStorageConfig": {"existingSecret": {"name": "x", "key": "y"}}},
    "prometheus.prometheusSpec.additionalConfig": {"remoteWrite": []},
    "prometheus.prometheusSpec.ignoreNamespaceSelectors": True,
    "prometheus.prometheusSpec.additionalAlertRelabelConfigs": [{"action": "drop"}],
    "alertmanager.alertmanagerSpec.alertmanagerConfiguration": {"name": "x"},
    "prometheusOperator.prometheusInstanceSelector": "a=b",
    "prometheusOperator.denyNamespaces": ["monitoring"],
    "prometheusOperator.extraArgs": ["--deny-namespaces=monitoring"],
    "prometheusOperator.namespaces": {"additional": ["x"]},
    "global.rbac.createAggregateClusterRoles": True,
    "kube-state-metrics.namespaceOverride": "elsewhere",
    "kube-state-metrics.nameOverride": "own",
    "kube-state-metrics.prometheus.monitor.enabled": False,
    "alertmanager.namespaceOverride": "elsewhere",
    "kubelet.namespace": "elsewhere",
    "prometheusOperator.kubeletService.namespace": "elsewhere",
    **{f"{part}.serviceMonitor.enabled": False for part in ("kubelet", "kubeApiServer", "coreDns")},
    **{f"{part}.serviceMonitor.selfMonitor": False for part in ("prometheus", "prometheusOperator", "alertmanager")},
    "defaultRules.disabled.Watchdog": True,
    "defaultRules.rules.general": False,
}
OF_FLUENT_BIT: dict[str, Any] = {
    "luaScripts": None,
    "config.extraFiles": {"fluent-bit.conf": "[OUTPUT]"},
    "luaScripts.records.lua": None,
    "config.filters": "",
    "config.outputs": "",
    "config.inputs": "[OUTPUT]\n    Name http\n",
    "config.service": "@INCLUDE more.conf",
    "existingConfigMap": "x",
    "args": ["--config=/x"],
}


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        *(("kube-prometheus-stack", path, value) for path, value in OF_KPS.items()),
        *(("fluent-bit", path, value) for path, value in OF_FLUENT_BIT.items()),
    ],
)
def test_what_alerts_and_redaction_stand_on_stays(name: str, path: str, value: Any) -> None:
    *above, key = path.split(".", 1) if path.startswith("luaScripts.") else path.split(".")
    values: dict[str, Any] = {key: value}
    for each in reversed(above):
        values = {each: values}
    assert len(list(changed(values, every_add_on()[name].fixed))) == 1


def test_how_fluent_bit_reads_may_be_another() -> None:
    values = {"config": {"service": "[SERVICE]\n    Log_Level debug\n", "inputs": "[INPUT]\n    Name systemd\n"}}
    assert not list(changed(values, every_add_on()["fluent-bit"].fixed))


def test_a_webhook_that_lets_pods_through_may_be_asked_for() -> None:
    assert "clusters.main.addons.linkerd-control-plane.values.webhookFailurePolicy" not in with_values(
        "linkerd-control-plane", "webhookFailurePolicy", "Ignore"
    )


def with_values(name: str, path: str, value: Any) -> dict[str, str]:
    """Returns the problems by path when the stack file gives an add-on a value."""
    *above, key = path.split(".")
    values: dict[str, Any] = {key: value}
    for each in reversed(above):
        values = {each: values}
    found = problems(stack((("clusters", "main", "addons"), {name: {"values": values}})))
    return {each.path: each.message for each in found}


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("karpenter", "serviceAccount.name", "own"),
        ("cluster-autoscaler", "rbac.serviceAccount.create", False),
        ("velero", "serviceAccount.server.name", "own"),
        ("external-dns", "serviceAccount.create", False),
        ("external-dns", "nameOverride", "own"),
        ("aws-load-balancer-controller", "fullnameOverride", "own"),
        ("external-dns", "namespaceOverride", "own"),
    ],
)
def test_a_service_account_with_rights_in_aws_keeps_its_name(name: str, path: str, value: Any) -> None:
    found = with_values(name, path, value)
    assert found[f"clusters.main.addons.{name}.values.{path}"].endswith(
        "by name, and pods of another one have none. Drop it."
    )


@pytest.mark.parametrize(
    ("name", "configuration", "path"),
    [
        ("aws-efs-csi-driver", {"node": {"serviceAccount": {"name": "other"}}}, "node.serviceAccount.name"),
        (
            "aws-efs-csi-driver",
            {"controller": {"serviceAccount": {"create": False}}},
            "controller.serviceAccount.create",
        ),
        ("aws-efs-csi-driver", {"node": {"serviceAccount": {"name": "efs-csi-node-sa"}}}, ""),
        ("aws-ebs-csi-driver", {"node": {"serviceAccount": {"name": "other"}}}, ""),  # it calls no AWS API
    ],
)
def test_a_service_account_of_an_eks_add_on_with_rights_keeps_its_name(
    name: str, configuration: dict[str, Any], path: str
) -> None:
    entry = {name: {"configuration": configuration}}
    found = [each.path for each in problems(stack((("clusters", "main", "managed_addons"), entry)))]
    assert found == ([f"clusters.main.managed_addons.{name}.configuration.{path}"] if path else [])


def test_an_add_on_without_rights_in_aws_may_have_another_name() -> None:
    entry = {"cert-manager": {"values": {"fullnameOverride": "own", "serviceAccount": {"name": "own"}}}}
    assert not [each for each in problems(stack((("clusters", "main", "addons"), entry))) if "by name" in each.message]


@pytest.mark.parametrize(
    "values",
    [
        {"podLabels": {"team": "vision"}, "nodeSelector": {"any": "key"}, "global": {"own": 1}},
        {"resources": {"limits": {"example.com/device": 1}}},
        {"webhook": {"podDisruptionBudget": {"maxUnavailable": "50%"}}},
        {"podDisruptionBudget": {"maxUnavailable": 2}},
        {"affinity": None},
    ],
)
def test_keys_of_the_user_and_the_ways_of_kubernetes_pass(values: dict[str, Any]) -> None:
    assert list(mistakes_of("cert-manager", values)) == []


@pytest.mark.parametrize(
    ("name", "values", "path", "end"),
    [
        (
            "cert-manager",
            {"acmesolver": {"image": {"pullPolicy": "Always"}}},
            ("acmesolver", "image", "pullPolicy"),
            "no template reads it. Drop it.",
        ),
        ("node-feature-discovery", {"master": {"port": 99999}}, ("master", "port"), "has the maximum 65535 here."),
        (
            "gpu-operator",
            {"node-feature-discovery": {"worker": {"tolerations": {}}}},
            ("node-feature-discovery", "worker", "tolerations"),
            "Write a list.",
        ),
        ("gpu-operator", {"nfd": {"enabled": "no"}}, ("nfd", "enabled"), "Write true or false, without quotes."),
        ("karpenter", {"settings": "none"}, ("settings",), "Write keys with values."),
        ("aws-load-balancer-controller", {"clustername": "main"}, ("clustername",), "Did you mean clusterName?"),
    ],
)
def test_each_mistake_has_its_path_and_the_way_out(
    name: str, values: dict[str, Any], path: tuple[str, ...], end: str
) -> None:
    ((found, sentence),) = mistakes_of(name, values)
    assert found == path
    assert sentence.endswith(end)


def places(tree: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every place in a tree that has keys of the chart."""
    found = [path] if isinstance(tree, dict) else []
    return found + [place for key in (tree if found else ()) for place in places(tree[key], (*path, key))]


PLACES = [(name, place) for name in every_add_on() for place in places(dict(values_tree(name)))]


@given(st.sampled_from(PLACES), st.text("abcdefgh", min_size=3, max_size=8).map("zz{}".format))
def test_an_unknown_key_is_refused_wherever_it_is(place: tuple[str, tuple[str, ...]], key: str) -> None:
    name, path = place
    values: dict[str, Any] = {key: 1}
    for parent in reversed(path):
        values = {parent: values}
    assert [found for found, _ in mistakes_of(name, values)] == [(*path, key)], "one mistake, at its place"


def test_they_are_found_beside_other_mistakes() -> None:
    broken: dict[str, Any] = {
        "clusters": {"main": {"version": 3, "addons": {"karpenter": {"enabled": "x", "values": {"a": 1}}}}}
    }
    assert [path[-1] for path, _ in value_mistakes(broken, {"karpenter"})] == ["a"]
    for odd in (
        {},
        {"clusters": None},
        {"clusters": {"main": {"addons": [1]}}},
        {"clusters": {"main": {"addons": {"karpenter": {"values": 1}}}}},
    ):
        assert list(value_mistakes(odd, {"karpenter"})) == [], "the models say what is wrong with these"


def test_without_a_mistake_the_file_passes() -> None:
    assert said((("cert-manager", "replicaCount"), 3), (("cert-manager", "podLabels", "team"), "vision")) == []


def test_who_edits_a_namespace_gets_no_certificate_of_the_meshs_issuer() -> None:
    """It would be any identity: cert-manager signs what a Certificate asks for, also of the mesh's ClusterIssuer."""
    ((place, message),) = said((("cert-manager", "global", "rbac", "aggregateClusterRoles"), True))
    assert place == "cert-manager.values.global.rbac.aggregateClusterRoles"
    assert message.endswith("could have its issuer sign, and be any pod of it. Drop it.")
    context = AddOnContext(
        stage=stage(), cluster="main", kubernetes_version="1.35", pools=POOLS, gpu_allocation="device-plugin"
    )
    assert every_add_on()["cert-manager"].values(context)["global"]["rbac"] == {"aggregateClusterRoles": False}
