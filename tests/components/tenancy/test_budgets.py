"""A budget counts what one team alone uses, by its tag, and tells people before the month is over."""

from typing import Any

import pytest

from tests.components.conftest import PlatformCloud
from tests.components.stacks import CLUSTER, stack

BUDGET = {"monthly_usd": 3000, "notify": ["ml-research@example.com"]}
NAME = "ml-platform-prod-us-west-2-research"
TAGGED = (
    ("s3/bucket:Bucket", "notes"),
    ("s3/bucket:Bucket", "notes-copy"),
    ("efs/fileSystem:FileSystem", "home"),
    ("fsx/lustreFileSystem:LustreFileSystem", "fast"),
)


def _user(namespace: str) -> dict[str, str]:
    return {"namespace": namespace, "service_account": "worker"}


def _storage(*mates: str, cluster: str | None = None) -> dict[str, Any]:
    where = {} if cluster is None else {"cluster": cluster}
    pods = [{"namespace": name, **where} for name in ("research", *mates)]
    return {
        "buckets": {
            "notes": {
                "purpose": "datasets",
                "used_by": [{**_user(each["namespace"]), **where} for each in pods],
                "replicate_to": "us-east-2",
            }
        },
        "file_systems": {"home": {"purpose": "shared", "used_by": pods}},
        "lustre": {"fast": {"purpose": "scratch", "zone": "us-west-2a", "capacity_gib": 4800, "used_by": pods}},
    }


def _teams(**budget: Any) -> list[dict[str, Any]]:
    return [
        {"name": "research", "namespaces": ["research", "lab"], "budget": {**BUDGET, **budget}},
        {"name": "serving", "namespaces": ["inference"]},
    ]


def _tags(cloud: PlatformCloud) -> dict[str, str | None]:
    return {name: cloud.one(type_, name).inputs["tags"].get("ml-platform:team") for type_, name in TAGGED}


def test_a_budget_filters_by_the_form_of_a_tag_that_aws_counts(cloud: PlatformCloud) -> None:
    cloud.up(stack(teams=_teams(), storage=_storage()))
    inputs = cloud.one("budgets/budget:Budget").inputs
    assert inputs["costFilters"] == [{"name": "TagKeyValue", "values": [f"user:ml-platform:team${NAME}"]}], (
        "without user: or $, AWS takes the filter and counts 0 USD"
    )
    assert (inputs["name"], inputs["timeUnit"], inputs["budgetType"]) == (NAME, "MONTHLY", "COST")
    assert (inputs["limitAmount"], inputs["limitUnit"]) == ("3000", "USD")


def test_people_hear_of_each_share_and_of_a_month_that_will_end_above(cloud: PlatformCloud) -> None:
    cloud.up(stack(teams=_teams(at_percent=[100, 50, 80, 90]), storage=_storage()))
    told = cloud.one("budgets/budget:Budget").inputs["notifications"]
    assert [(each["notificationType"], each["threshold"]) for each in told] == [
        *[("ACTUAL", percent) for percent in (50, 80, 90, 100)],
        ("FORECASTED", 100),
    ]
    assert len(told) == 5, "AWS takes no sixth one"
    assert all(each["subscriberEmailAddresses"] == BUDGET["notify"] for each in told)


def test_what_one_team_alone_uses_has_the_tag_that_its_budget_counts(cloud: PlatformCloud) -> None:
    cloud.up(stack(teams=_teams(), storage=_storage("lab")))
    assert _tags(cloud) == {name: NAME for _, name in TAGGED}


@pytest.mark.parametrize("mate", ["inference", "nobodys"])
def test_what_others_use_too_has_no_tag_of_a_team(cloud: PlatformCloud, mate: str) -> None:
    secrets = {"hub": {"keys": ["token"]}}
    teams = [{**_teams()[0], "secrets": secrets}, _teams()[1]]
    cloud.up(stack(teams=teams, storage=_storage(mate)))
    assert set(_tags(cloud).values()) == {None}, "AWS would count all of it for one team"


def test_a_namespace_of_the_same_name_in_another_cluster_is_another_teams(cloud: PlatformCloud) -> None:
    clusters = {"main": CLUSTER, "other": CLUSTER}
    teams = [{**team, "cluster": "main", "budget": None} for team in _teams()]
    cloud.up(stack(clusters=clusters, teams=teams, storage=_storage(cluster="other")))
    assert set(_tags(cloud).values()) == {None}


def test_a_team_without_a_budget_gets_none_and_keeps_its_tag(cloud: PlatformCloud) -> None:
    teams = [{**team, "budget": None} for team in _teams()]
    cloud.up(stack(teams=teams, storage=_storage()))
    assert not cloud.all("budgets/budget:Budget")
    assert _tags(cloud)["home"] == NAME, "bills are split by it in any case"
