import pytest

from components.compute.gpu_sharing import device_plugin_configs
from components.compute.node_labels import labels_of
from settings.compute.node_pool import NodePoolSettings


def pool(name="gpu", **changes):
    raw = {"name": name, "instance_types": ["g6.12xlarge"], "min_per_zone": 0, **changes}
    return NodePoolSettings.model_validate(raw)


def slices(strategy="time-slicing", replicas=4, **changes):
    return pool(sharing={"strategy": strategy, "replicas": replicas}, **changes)


def mig(layout, **changes):
    return pool(instance_types=["p4de.24xlarge"], sharing={"strategy": "mig", "layout": layout}, **changes)


def mixed():
    return mig({"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1})


def test_nodes_without_a_label_share_nothing():
    assert device_plugin_configs([pool()]) == {"none": {"version": "v1", "flags": {"migStrategy": "mixed"}}}


@pytest.mark.parametrize(("strategy", "section"), [("time-slicing", "timeSlicing"), ("mps", "mps")])
def test_a_shared_gpu_is_never_offered_as_a_whole_one(strategy, section):
    config = device_plugin_configs([slices(strategy)])[f"{strategy}-4"]
    assert config["sharing"] == {
        section: {
            "renameByDefault": True,
            "failRequestsGreaterThanOne": True,
            "resources": [{"name": "nvidia.com/gpu", "replicas": 4}],
        }
    }


def test_mps_goes_without_the_mig_strategy_that_the_plugin_refuses_beside_it():
    configs = device_plugin_configs([slices("mps"), slices("time-slicing")])
    assert configs["mps-4"]["flags"] == {"migStrategy": "none"}
    assert configs["time-slicing-4"]["flags"] == {"migStrategy": "mixed"}


def test_pools_that_share_alike_have_one_configuration():
    pools = [slices(name="a"), slices(name="b"), slices(name="c", replicas=2), mixed()]
    assert list(device_plugin_configs(pools)) == ["none", "time-slicing-2", "time-slicing-4"]


@pytest.mark.parametrize("shared", [slices(), slices("mps", 8)])
def test_the_label_of_a_node_names_a_configuration_that_there_is(shared):
    assert labels_of(shared)["nvidia.com/device-plugin.config"] in device_plugin_configs([shared])


def test_the_operator_keeps_off_bottlerocket_which_shares_by_itself():
    bottlerocket = slices(operating_system="bottlerocket")
    assert labels_of(bottlerocket)["nvidia.com/gpu.deploy.operands"] == "false"
    assert set(device_plugin_configs([bottlerocket])) == {"none"}


@pytest.mark.parametrize("provisioner", ["managed", "karpenter"])
def test_no_label_asks_a_mig_manager_to_cut_gpus_that_were_cut_at_boot(provisioner):
    labels = labels_of(mixed().model_copy(update={"provisioner": provisioner}))
    assert "nvidia.com/mig.config" not in labels, "the manager would follow it"


def test_labels_tell_the_pool_the_accelerator_and_its_sharing():
    assert labels_of(slices(labels={"team": "vision"})) == {
        "ml-platform/pool": "gpu",
        "ml-platform/accelerator": "l4",
        "ml-platform/sharing": "time-slicing-4",
        "nvidia.com/gpu.present": "true",
        "nvidia.com/device-plugin.config": "time-slicing-4",
        "team": "vision",
    }
    assert labels_of(pool(instance_types=["m7i.xlarge"])) == {"ml-platform/pool": "gpu"}
    assert labels_of(pool(instance_types=["inf2.xlarge"])) == {
        "ml-platform/pool": "gpu",
        "ml-platform/accelerator": "inferentia2",
        "ml-platform/sharing": "none",
    }


def test_a_label_tells_jobs_when_a_capacity_block_takes_their_node_away():
    dates = {"starts": "2027-01-11T11:30:00Z", "ends": "2027-01-18T13:30:00+02:00"}
    block = {"id": "cr-0123456789abcdef0", "kind": "capacity-block", "zone": "us-west-2a", **dates}
    labels = labels_of(pool(instance_types=["p5.48xlarge"], capacity_type="reserved", reservation=block))
    assert labels["ml-platform/reserved-until"] == "2027-01-18T11.30Z"
