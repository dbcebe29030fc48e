"""Dangers of teams: quotas that go or get smaller, what pods may have, and rules that no longer hold."""

import json

import pytest

from report.dangers.danger import GRAVE, SERIOUS
from report.dangers.teams import BINDING, POLICY
from tests.report.logs import step, urn
from tests.report.test_dangers import found, of, openings

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


MARKS = {
    "priorities": "training,experiments",
    "pools": "system,cpu",
    "other-pools": "h100:gpu=h100",
    "service-accounts": "default,trainer",
}
IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"


def marked(name="lab", team="lab", **marks):
    annotations = {f"ml-platform/{key}": value for key, value in {**MARKS, **marks}.items()}
    labels = {"ml-platform/team": team} if team else {}
    return {"metadata": {"name": name, "labels": labels, "annotations": annotations}}


def said(before, after, *steps):
    dangers = found(of(NAMESPACE, before, after, "main-namespace-lab"), *steps)
    return [f"{each.opening}: {each.consequence}" for each in dangers]


def test_a_priority_that_ends_pods_of_others_is_told_with_whose():
    beside = of(NAMESPACE, marked("shop"), marked("shop"), "main-namespace-shop", op="same")
    raised = marked(priorities="production-inference,agents,training,experiments")
    (ends,) = said(marked(), raised, beside)
    assert ends == (
        "pods of lab may have priority production-inference, agents: they may end pods of lower classes: "
        "of namespaces shop, and of their own"
    )
    (waits,) = said(marked(priorities="experiments"), marked())
    assert waits == (
        "pods of lab may have priority training: they go before pods of lower classes when there is no room"
    )


def test_what_pods_may_no_longer_have_is_told_since_they_do_not_come_again():
    less = marked(priorities="experiments", pools="system", **{"service-accounts": "default"})
    less["metadata"]["annotations"]["ml-platform/other-pools"] = "h100:gpu=h100,cpu:"
    assert said(marked(), less) == [
        f"pods of lab may no longer {what}: those that have it run on, and do not come again when they end"
        for what in ("be on cpu", "have priority training", "have service account trainer")
    ]


def test_another_pool_is_told_and_one_that_comes_with_the_change_is_not():
    (told,) = said(marked(), marked(pools="system,cpu,h100,new", **{"other-pools": ""}))
    assert told == "pods of lab may be on h100: they take nodes and GPUs there from others"
    assert not said(marked(), marked(pools="system"))


def test_another_service_account_is_told_with_its_rights_in_aws():
    role = of("aws:iam/role:Role", {"name": "t"}, {"name": "t"}, "t", op="same")
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::models/*"}
    policy = {"role": "t", "policy": json.dumps({"Statement": [statement]})}
    rights = of("aws:iam/rolePolicy:RolePolicy", policy, policy, "t", op="same")
    pods = {"namespace": "lab", "serviceAccount": "trainer", "clusterName": "main", "roleArn": "arn:aws:iam::1:role/t"}
    bare = marked(**{"service-accounts": "default"})
    (told,) = said(bare, marked(), role, rights, of(IDENTITY, pods, pods, op="same"))
    assert told.startswith("pods of lab may have service account trainer: with it they may read in bucket models")
    assert "s3:GetObject" in told
    (nothing,) = said(bare, marked())
    assert "this stack gives it no rights in AWS" in nothing


def test_a_namespace_without_its_label_is_judged_no_more():
    (told,) = said(marked(), marked(team=""))
    assert told.startswith("no rule for pods of teams holds in lab any more: its pods may be on every node")
    assert not said(marked(), marked(team="other")), "the rules are the same"


def test_a_limit_range_that_goes_alone_is_told():
    inputs = {"metadata": {"namespace": "lab"}, "spec": {}}
    gone = of("kubernetes:core/v1:LimitRange", inputs, None, "limits")
    (danger,) = found(gone, kind="protection")
    assert danger.opening == "containers of lab that state no requests get none"
    assert not found(gone, of("kubernetes:core/v1:LimitRange", None, inputs, "other"))


def test_a_budget_that_goes_is_told_and_one_that_goes_with_its_team_is_not():
    team = urn("mlplatform:tenancy:Team", "main-team-lab")
    gone = of("aws:budgets/budget:Budget", {"name": "stack-lab"}, None, "budget", team)
    (danger,) = found(step("same", team), gone)
    assert (danger.kind, danger.opening) == ("money", "budget stack-lab goes")
    assert not found(step("delete", team), gone)


def test_rules_that_only_warn_are_weaker_and_rules_that_refuse_again_are_not():
    denies, warns = (
        {"spec": {"policyName": "ml-platform-images", "validationActions": actions}}
        for actions in (["Deny"], ["Warn", "Audit"])
    )
    names = ("main-admission-images", "main-admission-images-warns")
    weaker, stricter = (
        openings(of(BINDING, old, None, was), of(BINDING, None, new, becomes))
        for (old, was), (new, becomes) in (
            ((denies, names[0]), (warns, names[1])),
            ((warns, names[1]), (denies, names[0])),
        )
    )
    assert weaker == ["the API server's rule main-admission-images only warns"]
    assert stricter == []
    assert openings(of(BINDING, denies, None, names[0])) == ["the API server's rule main-admission-images goes"]


@pytest.mark.parametrize(
    ("actions", "teams", "told"),
    [(["Deny"], True, True), (["Warn", "Audit"], True, False), (["Deny"], False, False)],
    ids=["refuses", "warns", "a cluster without teams"],
)
def test_a_rule_that_begins_to_refuse_keeps_pods_from_coming_again(actions, teams, told):
    labels = {"ml-platform/team": "lab"} if teams else {}
    lab = {"metadata": {"name": "lab", "labels": labels}}
    rules = {"metadata": {"name": "images"}, "spec": {"matchConstraints": {"resourceRules": [{"resources": ["pods"]}]}}}
    binding = {"spec": {"policyName": "images", "validationActions": actions}}
    dangers = openings(
        of(NAMESPACE, lab, lab, "main-namespace-lab"),
        of(POLICY, rules, rules, "main-admission-images"),
        of(BINDING, None, binding, "main-admission-images"),
    )
    assert dangers == (["the API server's rule main-admission-images begins to refuse pods"] if told else [])
