"""Which marks of a state `take-back` exchanges."""

from typing import Any

from report.take_back import exchange

POOL = "urn:pulumi:dev::ml::mlplatform:platform:Platform$mlplatform:cluster:Cluster$mlplatform:compute:NodePool"


def resource(type_: str, name: str, id_: str, *, delete: bool = False, parent: str = POOL) -> dict[str, Any]:
    return {"urn": f"{parent}${type_}::{name}", "id": id_, **({"delete": True} if delete else {})}


def marks(*resources: dict[str, Any]) -> dict[str, bool]:
    exchange(resources)
    return {each["id"]: each.get("delete", False) for each in resources}


def group(id_: str, name: str = "main-cpu-us-west-2a", *, delete: bool = False) -> dict[str, Any]:
    return resource("aws:eks/nodeGroup:NodeGroup", name, id_, delete=delete)


def test_the_old_group_is_kept_and_the_new_one_goes() -> None:
    tags = [
        resource("aws:autoscaling/tag:Tag", "owner", id_, delete=id_ == "old-tag") for id_ in ("new-tag", "old-tag")
    ]
    expected = {"new": True, "old": False, "new-tag": True, "old-tag": False}
    assert marks(group("new"), group("old", delete=True), *tags) == expected


def test_an_old_group_whose_successor_is_gone_is_kept() -> None:
    assert marks(group("old", delete=True)) == {"old": False}


def test_what_is_no_node_group_is_left_alone() -> None:
    storage = "urn:pulumi:dev::ml::mlplatform:platform:Platform$mlplatform:storage:Bucket"
    new = resource("aws:s3/bucket:Bucket", "data", "in-use", parent=storage)
    old = resource("aws:s3/bucket:Bucket", "data", "not-empty", parent=storage, delete=True)
    assert marks(new, old) == {"in-use": False, "not-empty": True}


def test_groups_without_a_mark_stay_as_they_are() -> None:
    assert marks(group("one"), group("two", "main-cpu-us-west-2b")) == {"one": False, "two": False}
