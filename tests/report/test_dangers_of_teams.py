"""Dangers of teams: quotas that go or get smaller, and priorities that pods can no longer have."""

import pytest

from report.dangers.danger import GRAVE, SERIOUS
from tests.report.test_dangers import found, of

QUOTA, NAMESPACE = (f"kubernetes:core/v1:{kind}" for kind in ("ResourceQuota", "Namespace"))
PRIORITY = "kubernetes:scheduling.k8s.io/v1:PriorityClass"
FEW, MANY = {"requests.cpu": "64", "requests.memory": "1Ti"}, {"requests.cpu": "128", "requests.memory": "1Ti"}


def quota(before, after, name="main-team-lab.lab.quota", namespace="lab", **spec):
    inputs = [
        None if each is None else {"metadata": {"namespace": namespace}, "spec": {"hard": each, **spec}}
        for each in (before, after)
    ]
    return of(QUOTA, *inputs, name)


def namespace(name="lab", retained=True):
    return of(NAMESPACE, {"metadata": {"name": name}}, None, f"main-namespace-{name}", retainOnDelete=retained)


def test_a_team_that_leaves_leaves_a_namespace_without_limits():
    (danger,) = found(quota(FEW, None), namespace(), kind="protection")
    assert danger.severity == GRAVE
    assert danger.opening == "nothing limits namespace lab any more"
    assert danger.gently.endswith("when-a-team-leaves.md")


def test_a_namespace_that_goes_to_another_team_has_a_quota():
    assert not found(quota(FEW, None), quota(None, FEW, "main-team-new.lab.quota"), kind="protection")


def test_a_quota_of_another_namespace_does_not_help():
    assert found(quota(FEW, None), quota(None, FEW, "main-team-new.new.quota", "new"), kind="protection")


def test_a_quota_that_goes_with_its_namespace_is_no_danger():
    assert not found(quota(FEW, None), namespace(retained=False), kind="protection")


def test_a_quota_of_some_pods_alone_limits_nothing():
    scope = {"scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["a"]}]}}
    assert not found(quota({"pods": "0"}, None, **scope), namespace(), kind="protection")


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (MANY, FEW, "the quota of namespace lab gets smaller: requests.cpu 128 → 64"),
        ({"requests.memory": "1Ti"}, {"requests.memory": "512Gi"}, "requests.memory 1Ti → 512Gi"),
        (FEW, MANY, ""),
        ({"requests.memory": "1Ti"}, {"requests.memory": "1024Gi"}, ""),
        ({**FEW, "requests.nvidia.com/mig-1g.10gb": "0"}, FEW, ""),  # its pool has gone
    ],
)
def test_a_smaller_quota_is_told(before, after, says):
    dangers = found(quota(before, after), kind="nodes")
    assert [each.opening.endswith(says) for each in dangers] == ([True] if says else [])


def test_a_priority_that_is_replaced_or_goes_is_told():
    inputs = [{"metadata": {"name": "training"}, "value": each} for each in (500, 600)]
    (replaced,) = found(of(PRIORITY, *inputs, "main-tenancy-priority-training", op="replace"))
    (gone,) = found(of(PRIORITY, inputs[0], None, "main-tenancy-priority-training"))
    assert (replaced.opening, gone.opening) == ("priority training is replaced", "priority training is deleted")
    assert gone.severity == SERIOUS
