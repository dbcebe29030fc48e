"""Who of a team gets in, and with which rights: access entries, roles, bindings, service accounts."""

from collections.abc import Sequence
from typing import Any

import pulumi
import pytest

from components.cluster.access import entry_name
from components.tenancy.members import roles_of
from settings.tenancy.team import TeamSettings
from tests.components.conftest import PlatformCloud
from tests.components.stacks import CLUSTER, stack

ROLE = "arn:aws:iam::123456789012:role/"
SSO = f"{ROLE}aws-reserved/sso.amazonaws.com/us-west-2/AWSReservedSSO_Lab_0123456789abcdef"
ENTRY, POLICY = "accessEntry:AccessEntry", "accessPolicyAssociation:AccessPolicyAssociation"
BINDING, PATCH = "v1:RoleBinding", "core/v1:ServiceAccountPatch"


def _team(name: str, role: str | None = "viewer", who: str = "ann", **more: Any) -> dict[str, Any]:
    members = {who: {"principal_arn": f"{ROLE}{who}", "role": role}} if role else {}
    return {"name": name, "namespaces": [name], "members": members, **more}


def _groups(cloud: PlatformCloud, *teams: dict[str, Any], **cluster: Any) -> dict[str, list[str]]:
    cloud.up(stack(clusters={"main": {**CLUSTER, **cluster}}, teams=list(teams)))
    entries = [each.inputs for each in cloud.all(ENTRY)]
    assert len({each["principalArn"] for each in entries}) == len(entries), "EKS answers a second entry with 409"
    return {each["principalArn"].rpartition("/")[2]: each["kubernetesGroups"] for each in entries}


def test_who_is_in_two_teams_has_one_entry_with_the_groups_of_both(cloud: PlatformCloud) -> None:
    assert _groups(cloud, _team("lab"), _team("serving", "ml-engineer")) == {
        "ann": ["ml:lab:viewer", "ml:serving:ml-engineer"]
    }
    assert not cloud.all(POLICY), "each policy of EKS shows more than the team's namespaces"
    assert _groups(cloud, _team("lab"), _team("serving", None)) == {"ann": ["ml:lab:viewer"]}
    assert _groups(cloud, _team("lab", None), _team("serving", None)) == {}


def test_who_has_an_entry_of_the_cluster_keeps_it_and_leaving_both_teams_leaves_no_group(cloud: PlatformCloud) -> None:
    access = {"ann": {"principal_arn": f"{ROLE}ann", "groups": ["auditors"]}}
    both = _groups(cloud, _team("lab"), _team("serving"), access=access)
    assert both == {"ann": ["auditors", "ml:lab:viewer", "ml:serving:viewer"]}
    name = cloud.one(ENTRY).name
    bare = {"ann": {"principal_arn": f"{ROLE}ann"}}
    assert _groups(cloud, _team("lab", None), _team("serving", None), access=bare) == {"ann": []}
    assert cloud.one(ENTRY).name == name, "another name would make a second entry before the first is gone"
    assert len(cloud.all(POLICY)) == 1


def test_who_moves_from_a_clusters_access_to_a_team_keeps_the_entry_and_loses_the_policy(cloud: PlatformCloud) -> None:
    _groups(cloud, access={"ann": {"principal_arn": f"{ROLE}ann"}})
    before = cloud.one(ENTRY).urn
    assert _groups(cloud, _team("lab")) == {"ann": ["ml:lab:viewer"]}
    assert cloud.one(ENTRY).urn == before
    assert not cloud.all(POLICY)


def test_a_team_comes_into_its_own_cluster_alone(cloud: PlatformCloud) -> None:
    cloud.up(stack(clusters={"main": CLUSTER, "other": CLUSTER}, teams=[_team("lab", cluster="other")]))
    assert [each.inputs["clusterName"] for each in cloud.all(ENTRY)] == ["ml-platform-prod-other"]


def test_each_role_that_members_have_is_bound_to_their_group_in_each_namespace(cloud: PlatformCloud) -> None:
    cloud.up(stack(teams=[_team("lab", "data-scientist", namespaces=["lab", "more"])]))
    for namespace in ("lab", "more"):
        name = f"main-team-lab.{namespace}.data-scientist"
        role, binding = cloud.one("v1:Role", name), cloud.one(BINDING, name)
        assert role.inputs["metadata"] == {"name": "lab-data-scientist", "namespace": namespace}
        assert [each["name"] for each in binding.inputs["subjects"]] == ["ml:lab:data-scientist"]
        assert binding.inputs["roleRef"]["kind"] == "Role", "Kubernetes' own edit reads Secrets and takes identities"
        assert binding.stands_on(role), "the API server takes a binding to a role that is not there"
        assert binding.delete_before_replace, "roleRef never changes, and the name is taken until then"
        assert cloud.comes_after(role, cloud.one("core/v1:Namespace", f"main-namespace-{namespace}"))
    assert len(cloud.all(BINDING)) == 2, "nobody is viewer or engineer"


def test_the_group_that_is_bound_is_the_one_that_the_entry_has(cloud: PlatformCloud) -> None:
    (groups,) = _groups(cloud, _team("lab", "ml-engineer")).values()
    assert [each["name"] for each in cloud.one(BINDING).inputs["subjects"]] == groups


def test_service_accounts_of_a_team_have_no_token_and_are_patched_since_they_may_be_there(cloud: PlatformCloud) -> None:
    user = {"namespace": "lab", "service_account": "reader"}
    buckets = {"models": {"purpose": "models", "used_by": [user]}}
    cloud.up(stack(storage={"buckets": buckets}, teams=[_team("lab", service_accounts=["pipeline"])]))
    patches = {each.inputs["metadata"]["name"]: each for each in cloud.all(PATCH)}
    assert sorted(patches) == ["default", "pipeline", "reader"]
    for each in patches.values():
        assert each.inputs["automountServiceAccountToken"] is False
        assert each.inputs["metadata"]["annotations"] == {"pulumi.com/patchForce": "true"}, "users may have said more"
        assert cloud.comes_after(each, cloud.one("core/v1:Namespace", "main-namespace-lab"))
    marks = cloud.one("core/v1:Namespace", "main-namespace-lab").inputs["metadata"]["annotations"]
    assert marks["ml-platform/service-accounts"] == ",".join(sorted(patches)), "admission lets in what is there"
    assert not cloud.all("core/v1:ServiceAccount"), "`default` is there: making it is a 409"


def test_a_permission_set_is_looked_up_by_name_since_its_arn_changes(cloud: PlatformCloud) -> None:
    members = {"people": {"permission_set": "Ml.Lab", "role": "viewer"}}
    cloud.up(stack(teams=[_team("lab", members=members), _team("two", members=members)]), preview=True)
    entry = cloud.one(ENTRY).inputs
    assert entry["principalArn"].startswith(f"{ROLE}aws-reserved/sso.amazonaws.com/us-west-2/AWSReservedSSO_Ml.Lab_")
    assert entry["kubernetesGroups"] == ["ml:lab:viewer", "ml:two:viewer"]
    assert cloud.one(ENTRY).name == entry_name("main", entry["principalArn"]), "with another ARN it is another entry"
    assert "aws:iam/getRoles:getRoles" in cloud.calls


@pytest.mark.parametrize(
    ("arns", "advice"),
    [
        ([], "the account has no role of the permission set Lab"),
        ([SSO, f"{SSO[:-1]}0"], "Name the one that people have in principal_arn."),
        ([f"{ROLE}deployer"], "is the deployer's, which has an access entry already"),
    ],
    ids=["not assigned", "several", "the deployer's"],
)
def test_a_permission_set_without_one_role_of_its_own_is_told_at_preview(arns: Sequence[str], advice: str) -> None:
    team = {"name": "lab", "namespaces": ["lab"], "members": {"all": {"permission_set": "Lab", "role": "viewer"}}}
    teams = [TeamSettings.model_validate(team)]
    with pytest.raises(pulumi.RunError, match=r"^teams\[0\]\.members\.all\.permission_set: ") as error:
        roles_of(teams, lambda name: arns, {f"{ROLE}deployer"})
    assert advice in str(error.value)


def test_several_permission_sets_that_are_missing_are_told_at_once() -> None:
    members = {name: {"permission_set": name, "role": "viewer"} for name in ("One", "Two")}
    teams = [TeamSettings.model_validate({"name": "lab", "namespaces": ["lab"], "members": members})]
    with pytest.raises(pulumi.RunError) as error:
        roles_of(teams, lambda name: [], ())
    assert len(str(error.value).splitlines()) == 2
