"""What people of a team may do, against the kinds that Kubernetes and the operators have."""

import json
from pathlib import Path

import pytest

from catalog.roles import CONNECT, ROLES, Grant
from simulator.kubernetes.kinds import plural
from simulator.kubernetes.schema import kinds

CRDS = Path(__file__).parents[2] / "simulator" / "kubernetes" / "crds"
VERBS = {"get", "list", "watch", "create", "update", "patch", "delete"}
SUBRESOURCES = {"pods": {"log", "exec", "attach", "portforward"}, "deployments": {"scale"}, "statefulsets": {"scale"}}
FORBIDDEN = {
    "secrets",  # a list of them shows their values
    *("roles", "rolebindings", "clusterroles", "clusterrolebindings", "serviceaccounts/token", "users", "groups"),
    *("namespaces", "networkpolicies", "resourcequotas", "limitranges"),
    *("secretstores", "clustersecretstores", "pushsecrets", "externalsecrets", "passwords", "serviceaccounts"),
    *("gateways", "referencegrants", "persistentvolumes", "storageclasses", "nodes", "priorityclasses"),
}
GATEWAY = {"httproutes", "grpcroutes", "targetgroupconfigurations"}  # their CRDs come with the doors


def served() -> set[tuple[str, str]]:
    """Returns API group and plural of what the built-in kinds of 1.35 and the CRDs of operators are called."""
    builtin = {(version.rpartition("/")[0], plural(kind)) for version, kind in kinds("1.35")}
    builtin.add(("metrics.k8s.io", "pods"))  # of metrics-server, an API beside Kubernetes' own
    definitions = [json.loads(path.read_text()) for path in CRDS.glob("*.json")]
    return builtin | {(each["group"], each["names"]["plural"]) for each in definitions}


@pytest.mark.parametrize("role", ROLES)
def test_every_grant_names_a_kind_that_there_is_since_rbac_takes_any_text(role: str) -> None:
    known = served()
    for grant in ROLES[role]:
        for resource in grant.resources:
            kind, _, part = resource.partition("/")
            assert (grant.group, kind) in known or kind in GATEWAY, f"{grant.group}/{kind} would grant nothing"
            assert not part or part in SUBRESOURCES[kind]
        assert set(grant.verbs) <= VERBS, "a misspelt verb grants nothing, and `*` more than is read here"
        assert grant.why


@pytest.mark.parametrize("role", ROLES)
def test_nobody_of_a_team_may_change_what_keeps_teams_apart(role: str) -> None:
    for grant in ROLES[role]:
        if forbidden := FORBIDDEN & {*grant.resources}:
            assert set(grant.verbs) <= {"get", "list", "watch"}, f"{role} may change {forbidden}"
            assert "secrets" not in forbidden
        assert "*" not in {grant.group, *grant.resources, *grant.verbs}


def test_engineers_write_what_a_route_of_their_own_needs() -> None:
    for kind in GATEWAY:
        assert "create" in _verbs("ml-engineer", kind), kind
        assert "create" not in _verbs("data-scientist", kind)


def test_only_engineers_enter_pods_and_nobody_makes_bare_ones() -> None:
    assert not _verbs("viewer", "pods/exec")
    assert not _verbs("data-scientist", "pods/exec")
    assert _verbs("ml-engineer", "pods/exec") == {*CONNECT}, "since 1.35 a WebSocket needs create beside get"
    assert "create" not in _verbs("data-scientist", "pods")


def test_a_viewer_changes_nothing() -> None:
    assert {verb for grant in ROLES["viewer"] for verb in grant.verbs} == {"get", "list", "watch"}


def test_claims_of_storage_stand_beside_those_of_the_team_and_nobody_deletes_any() -> None:
    assert "delete" not in _verbs("ml-engineer", "persistentvolumeclaims")


def _verbs(role: str, resource: str) -> set[str]:
    def fits(grant: Grant) -> bool:
        return resource in grant.resources

    return {verb for grant in filter(fits, ROLES[role]) for verb in grant.verbs}
