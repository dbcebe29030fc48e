"""What measures a cluster: in which order it comes, and what it reads."""

from typing import Any

from tests.components.conftest import PlatformCloud
from tests.components.stacks import stack

MONITOR = "monitoring.coreos.com/v1:PodMonitor"


def built(cloud: PlatformCloud, **more: Any) -> None:
    cloud.up(stack(**{"observability": {}, **more}))


def values(cloud: PlatformCloud) -> Any:
    return cloud.one("helm.sh/v3:Release", "main-kube-prometheus-stack").inputs["values"]


def test_definitions_come_before_the_operator_and_monitors_after_it(cloud: PlatformCloud) -> None:
    built(cloud)
    release = cloud.one("helm.sh/v3:Release", "main-kube-prometheus-stack")
    assert cloud.comes_after(release, cloud.one("helm.sh/v3:Release", "main-prometheus-operator-crds"))
    assert cloud.comes_after(release, cloud.one("helm.sh/v3:Release", "main-cert-manager"))
    monitors = cloud.all(MONITOR)
    assert {each.inputs["metadata"]["name"] for each in monitors} >= {"node-exporter-node-exporter"}
    for each in monitors:
        assert each.stands_on(release), each.name


def test_volumes_of_samples_are_deleted_with_their_claims_while_their_driver_runs(cloud: PlatformCloud) -> None:
    built(cloud)
    (telemetry,) = [each for each in cloud.all("StorageClass") if each.inputs["metadata"]["name"] == "telemetry"]
    assert telemetry.inputs["reclaimPolicy"] == "Delete", "in production too: samples are billed, and nobody's data"
    spec = values(cloud)["prometheus"]["prometheusSpec"]
    claim = spec["storageSpec"]["volumeClaimTemplate"]["spec"]
    assert claim["storageClassName"] == "telemetry"
    assert spec["retentionSize"] == "80GiB", "four fifths of the volume: a full one ends it"
    (namespace,) = [each for each in cloud.all("core/v1:Namespace") if each.inputs["metadata"]["name"] == "monitoring"]
    assert namespace.stands_on(cloud.one("eks/addon:Addon", "main-aws-ebs-csi-driver"))


def test_nobody_else_claims_volumes_that_go_with_their_claim(cloud: PlatformCloud) -> None:
    built(cloud)
    policy = cloud.one("ValidatingAdmissionPolicy", "main-storage-no-gp2").inputs
    assert policy["metadata"]["annotations"] == {"ml-platform/allows": "volumes of telemetry in monitoring"}
    refused = policy["spec"]["validations"]
    (telemetry,) = [each for each in refused if "telemetry" in each["expression"]]
    assert telemetry["expression"].endswith("!= 'telemetry' || request.namespace in ['monitoring']")
    assert telemetry["message"] == "volumes of telemetry go with their claims: use another class"


def test_a_cluster_without_it_has_no_class_for_it(cloud: PlatformCloud) -> None:
    cloud.up(stack())
    assert "telemetry" not in {each.inputs["metadata"]["name"] for each in cloud.all("StorageClass")}
    assert not cloud.all(MONITOR)
