import pytest

from components.core.admission import ALLOWS
from tests.components.stacks import stack, stack_with_cluster
from tests.report.test_dangers import GUARD, of, openings


def classes(cloud):
    return {c.inputs["metadata"]["name"]: c.inputs for c in cloud.all("StorageClass")}


def test_every_class_is_encrypted_with_our_key_grows_and_waits_for_its_pod(cloud):
    cloud.up_cluster(stack_with_cluster(storage_classes={"io2": True, "io2_iops": 8000}))
    found = classes(cloud)
    assert set(found) == {"gp3", "io2"}
    for name, inputs in found.items():
        assert inputs["parameters"]["encrypted"] == "true"
        assert inputs["parameters"]["kmsKeyId"] == cloud.ground.key_arns["ebs"]
        assert inputs["parameters"]["type"] == name
        assert inputs["allowVolumeExpansion"]
        assert inputs["volumeBindingMode"] == "WaitForFirstConsumer", "else the volume may be in a zone without its pod"
    assert found["io2"]["parameters"]["iops"] == "8000"


def test_gp3_is_what_a_claim_gets_that_names_no_class(cloud):
    cloud.up_cluster(stack_with_cluster(storage_classes={"io2": True}))
    default = {n for n, c in classes(cloud).items() if c["metadata"].get("annotations")}
    assert default == {"gp3"}, "two defaults, and the newer one wins unasked"


def test_a_claim_of_the_class_that_eks_makes_is_refused(cloud):
    cloud.up_cluster(stack())
    policy = cloud.one("ValidatingAdmissionPolicy", "main-storage-no-gp2")
    (validation,) = policy.inputs["spec"]["validations"]
    assert validation["expression"] == (
        "!has(object.spec.storageClassName) || object.spec.storageClassName != 'gp2'"
    ), "its volumes would have another key, or none"
    binding = cloud.one("ValidatingAdmissionPolicyBinding", "main-storage-no-gp2")
    assert binding.inputs["spec"] == {"policyName": policy.inputs["metadata"]["name"], "validationActions": ["Deny"]}


@pytest.mark.parametrize("left", [("monitoring",), ()])
def test_a_rule_that_is_stricter_or_whose_class_goes_is_no_danger(left):
    """Also Loki goes, or all that measures."""
    before, after = (
        {
            "metadata": {"annotations": {ALLOWS: ", ".join(f"volumes of telemetry in {each}" for each in each_)}},
            "spec": {"validations": [{"expression": "a"}, *([{"expression": f"in {each_}"}] if each_ else [])]},
        }
        for each_ in (("loki", "monitoring"), left)
    )
    assert openings(of(GUARD, before, after)) == []


def test_a_class_can_be_left_out(cloud):
    cloud.up_cluster(stack_with_cluster(storage_classes={"gp3": False}))
    assert cloud.all("nodeGroup:NodeGroup")
    assert classes(cloud) == {}


@pytest.mark.parametrize(("environment", "policy"), [("prod", "Retain"), ("dev", "Delete")])
def test_in_production_a_volume_outlives_its_claim(cloud, environment, policy):
    cloud.up_cluster(stack(environment=environment))
    assert classes(cloud)["gp3"]["reclaimPolicy"] == policy


def test_giving_up_protection_does_not_touch_the_classes(cloud):
    cloud.up_cluster(stack(deletion_protection=False))
    assert classes(cloud)["gp3"]["reclaimPolicy"] == "Retain", (
        "Kubernetes refuses to change it, and nothing could retire"
    )


def test_volumes_can_be_copied_by_way_of_kubernetes(cloud):
    cloud.up_cluster(stack())
    found = cloud.one("VolumeSnapshotClass")
    assert found.inputs["driver"] == "ebs.csi.aws.com"
    assert found.inputs["metadata"]["annotations"] == {"snapshot.storage.kubernetes.io/is-default-class": "true"}
    controller = cloud.one("addon:Addon", "main-snapshot-controller")
    assert found.stands_on(controller), "Kubernetes does not know the kind before"
    driver = cloud.one("addon:Addon", "main-aws-ebs-csi-driver")
    assert driver.stands_on(controller), "the driver looks for the kinds when it starts, and never again"


def test_the_class_goes_to_the_cluster_and_to_no_other(cloud):
    cloud.up_cluster(stack())
    assert cloud.one("VolumeSnapshotClass").provider == cloud.one("StorageClass").provider != ""


@pytest.mark.parametrize(("environment", "policy"), [("prod", "Retain"), ("dev", "Delete")])
def test_in_production_a_copy_outlives_its_namespace(cloud, environment, policy):
    cloud.up_cluster(stack(environment=environment))
    assert cloud.one("VolumeSnapshotClass").inputs["deletionPolicy"] == policy


def test_without_snapshots_there_is_neither_class_nor_controller(cloud):
    cloud.up_cluster(stack_with_cluster(storage_classes={"snapshots": False}))
    assert set(classes(cloud)) == {"gp3"}
    assert not cloud.all("VolumeSnapshotClass")
    assert "main-snapshot-controller" not in cloud.names("addon:Addon")


def test_a_controller_that_the_stack_file_names_comes_before_the_driver_too(cloud):
    settings = stack_with_cluster(storage_classes={"snapshots": False}, managed_addons={"snapshot-controller": {}})
    cloud.up_cluster(settings)
    driver = cloud.one("addon:Addon", "main-aws-ebs-csi-driver")
    assert driver.stands_on(cloud.one("addon:Addon", "main-snapshot-controller"))
