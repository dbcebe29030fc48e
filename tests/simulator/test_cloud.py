from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from simulator.cloud import Cloud


@pytest.fixture
def cloud(tmp_path):
    with closing(Cloud(tmp_path / "cloud.sqlite")) as cloud:
        yield cloud


def test_resources_outlive_the_process(tmp_path):
    with closing(Cloud(tmp_path / "cloud.sqlite")) as first:
        first.put("aws:ec2/vpc:Vpc", "vpc-1", {"cidrBlock": "10.0.0.0/16"}, urn="urn:1")
    with closing(Cloud(tmp_path / "cloud.sqlite")) as second:
        vpc = second.get("aws:ec2/vpc:Vpc", "vpc-1")
    assert vpc is not None, "a rehearsal consists of several commands"
    assert (vpc.state, vpc.urn) == ({"cidrBlock": "10.0.0.0/16"}, "urn:1")


def test_a_change_by_another_process_is_visible_at_once(cloud, tmp_path):
    cloud.put("t", "a", {"n": 1})
    with closing(Cloud(tmp_path / "cloud.sqlite")) as other_process:
        other_process.put("t", "a", {"n": 2})
        other_process.put("t", "b", {})
    assert cloud.get("t", "a").state == {"n": 2}, "drift must be visible"
    assert [each.id for each in cloud.of_type("t")] == ["a", "b"]


def test_changing_a_resource_keeps_its_order_and_its_urn(cloud):
    cloud.put("t", "a", {}, urn="urn:a")
    cloud.put("t", "b", {}, urn="urn:b")
    cloud.put("t", "a", {"n": 1})
    assert [(each.id, each.urn) for each in cloud.all()] == [("a", "urn:a"), ("b", "urn:b")]


def test_deleting_a_resource_that_is_gone_is_no_error(cloud):
    cloud.put("t", "a", {})
    assert cloud.delete("t", "a")
    assert not cloud.delete("t", "a")
    assert cloud.all() == []


def test_each_region_has_names_of_its_own(cloud):
    for region in ("us-east-1", "us-west-2"):
        cloud.put("t", "main", {"region": region}, urn=f"urn:{region}")
    cloud.put("t", "main", {"region": "us-west-2", "n": 1})
    assert [(each.region, each.urn) for each in cloud.all()] == [
        ("us-east-1", "urn:us-east-1"),
        ("us-west-2", "urn:us-west-2"),
    ]
    assert cloud.delete("t", "main", "us-west-2")
    assert cloud.get("t", "main", "us-west-2") is None
    assert cloud.get("t", "main", "us-east-1") is not None, "a stack deletes nothing of another region"


def test_a_read_and_a_write_under_the_lock_are_one_step(cloud):
    def count(_):
        with cloud.exclusive():
            before = cloud.get("t", "counter")
            cloud.put("t", "counter", {"n": (before.state["n"] if before else 0) + 1})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(200)))
    assert cloud.get("t", "counter").state == {"n": 200}, "two creates at once could take the same name"


def test_the_cloud_remembers_what_is_gone_by_its_id_and_by_its_urn(cloud, tmp_path):
    cloud.put("t", "a", {}, urn="urn:1")
    cloud.delete("t", "a")
    cloud.delete("t", "a")
    assert (cloud.times_gone("t", "a"), cloud.times_gone("t", "urn:1"), cloud.times_gone("u", "a")) == (1, 1, 0)
    with closing(Cloud(tmp_path / "cloud.sqlite")) as later:
        assert later.times_gone("t", "a") == 1, "the next command must not give the id again"
