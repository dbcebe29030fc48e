"""Every namespace of people is made once, in one place, whoever names it."""

from typing import Any

from tests.components.conftest import PlatformCloud
from tests.components.stacks import CLUSTER, stack

HOME = {"purpose": "shared", "used_by": [{"namespace": "research", "mode": "write"}]}
STORAGE: dict[str, Any] = {"file_systems": {"home": HOME}}


def _team(name: str, *namespaces: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "namespaces": list(namespaces), **changes}


def test_a_namespace_of_a_team_that_mounts_storage_is_made_once_and_has_the_teams_label(cloud: PlatformCloud) -> None:
    cloud.up(stack(storage=STORAGE, teams=[_team("lab", "research", "inference")]))
    for name in ("research", "inference"):
        namespace = cloud.one("core/v1:Namespace", f"main-namespace-{name}")
        assert namespace.inputs["metadata"]["labels"]["ml-platform/team"] == "lab"
        assert namespace.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"
        assert namespace.retained, "deleting it would delete everything in it"


def test_a_namespace_that_only_mounts_storage_has_no_team(cloud: PlatformCloud) -> None:
    cloud.up(stack(storage=STORAGE))
    labels = cloud.one("core/v1:Namespace", "main-namespace-research").inputs["metadata"]["labels"]
    assert "ml-platform/team" not in labels


def test_a_team_needs_no_storage_and_gets_its_namespace_in_its_cluster(cloud: PlatformCloud) -> None:
    cloud.up(stack(clusters={"main": CLUSTER, "other": CLUSTER}, teams=[_team("lab", "lab", cluster="other")]))
    assert cloud.one("core/v1:Namespace", "other-namespace-lab")
    assert not [each for each in cloud.all("core/v1:Namespace") if each.name == "main-namespace-lab"]


def test_a_namespace_that_storage_made_in_earlier_releases_stays_the_same_resource(cloud: PlatformCloud) -> None:
    cloud.up(stack(storage=STORAGE))
    namespace = cloud.one("core/v1:Namespace", "main-namespace-research")
    assert namespace.earlier_parents == {cloud.one("mlplatform:storage:Storage").urn}, "a new URN would be a new one"
