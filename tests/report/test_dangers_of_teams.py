"""Dangers of teams: quotas that go or get smaller, what pods may have, and rules that no longer hold."""

import json

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from common.values import UNKNOWN_TEXT
from components.core.admission import ALLOWS
from components.tenancy.guards import GuardsArgs, guards
from components.tenancy.quotas import register
from report.dangers.danger import GRAVE, SERIOUS
from report.dangers.teams import BINDING, POLICY
from settings.tenancy.admission import AdmissionSettings
from settings.tenancy.team import TeamSettings
from tests.components.conftest import PlatformCloud
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
    assert danger.opening == "no longer limited by anything: namespace lab"
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
    assert told.startswith("rules for pods of teams no longer hold in lab: its pods may be on every node")


def test_a_namespace_that_goes_to_another_team_is_told_with_what_is_in_it():
    its = "its Secrets, volumes and service accounts, with their rights in AWS, are that team's afterwards"
    assert said(marked(), marked(team="other")) == [f"namespace lab goes from team lab to team other: {its}"]
    assert said(marked(team=""), marked(team="other")) == [f"namespace lab goes to team other: {its}"]
    assert not said(marked(), marked())
    later = marked()
    later["metadata"]["labels"] = UNKNOWN_TEXT
    assert not said(marked(), later), "whose it is afterwards is not known yet"


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


def test_a_binding_that_stays_in_the_cluster_still_refuses():
    binding = {"spec": {"policyName": "images", "validationActions": ["Deny"]}}
    assert openings(of(BINDING, binding, None)) == ["the API server's rule it goes"]
    assert not found(of(BINDING, binding, None, retainOnDelete=True))


HOST = "123456789012.dkr.ecr.us-west-2.amazonaws.com"
LAB = marked()


def rules(added=(), **settings):
    """The rules of a cluster with teams, as the platform registers them: name -> type and inputs."""
    cloud = PlatformCloud()
    args = GuardsArgs(settings=AdmissionSettings(**settings), registry=HOST, injected_images=added)
    cloud.up_part(lambda _: guards("main-admission", args, pulumi.ResourceOptions()))
    return {(each.type, each.name): plain(each.inputs) for each in cloud.registered.values()}


def plain(value):
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return {key: plain(each) for key, each in value.items()} if isinstance(value, dict) else value


def told_of(before, after, *steps, teams=True):
    """What is told of a change of the rules. teams: whether the cluster had any."""
    lab = LAB if teams else {"metadata": {"name": "lab"}}
    changes = [
        of(kind, old, new, name, op="same" if old == new else "update")
        for kind, name in {**before, **after}
        for old, new in [(before.get((kind, name)), after.get((kind, name)))]
        if kind in (POLICY, BINDING)
    ]
    assert changes
    dangers = found(of(NAMESPACE, lab, lab, "main-namespace-lab", op="same"), *changes, *steps)
    return [
        f"{each.opening}: {each.consequence}".removeprefix("the API server's rule main-admission-") for each in dangers
    ]


NOT_AGAIN = "pods that break it run on, and do not come again when they end"
WITHOUT, THERE = "pods without it are let in afterwards", "pods of teams may have them afterwards"
NAME = "app.kubernetes.io/name"
OTHER_RULES = [  # settings before, settings after, what is told
    ({"digests": False}, {}, [f"images begins to demand a digest of images: {NOT_AGAIN}"]),
    ({}, {"digests": False}, [f"images no longer demands a digest of images: {WITHOUT}"]),
    ({}, {"labels": (NAME, "team")}, [f"labels begins to demand label team: {NOT_AGAIN}"]),
    ({"labels": (NAME, "team")}, {}, [f"labels no longer demands label team: {WITHOUT}"]),
    (
        {"registries": (HOST, "docker.io")},
        {"registries": (HOST,)},
        [f"images no longer lets in images from docker.io: {NOT_AGAIN}"],
    ),
    (
        {"registries": ("docker.io",)},
        {"registries": ("docker.io/library",)},
        [f"images no longer lets in images from docker.io: {NOT_AGAIN}"],
    ),
    ({}, {"registries": (HOST, "docker.io")}, [f"images lets in images from docker.io: {THERE}"]),
    (
        {"registries": ("docker.io/library",)},
        {"registries": ("docker.io",)},
        [f"images lets in images from docker.io: {THERE}"],
    ),
    (
        {"registries": ("a.example.com",)},
        {"registries": ("b.example.com",)},
        [
            f"images lets in images from b.example.com: {THERE}",
            f"images no longer lets in images from a.example.com: {NOT_AGAIN}",
        ],
    ),
    ({"labels": (NAME, "team")}, {"labels": ("team", NAME)}, []),
    ({"digests": False, "mode": "warn"}, {"mode": "warn"}, []),
]


@pytest.mark.parametrize(("before", "after", "told"), OTHER_RULES)
def test_another_rule_is_told_in_words_of_the_settings(before, after, told):
    assert told_of(rules(**before), rules(**after)) == told


def test_a_rule_of_a_cluster_without_teams_keeps_nobody_out():
    assert told_of(rules(digests=False), rules(), teams=False) == []


def test_a_rule_that_goes_from_warnings_to_refusals_is_told_once():
    told = told_of(rules(mode="warn", digests=False), rules())
    assert told == [f"images, main-admission-labels begin to refuse pods: {NOT_AGAIN}"]


def test_a_rule_that_only_warns_from_now_on_begins_to_demand_nothing():
    told = told_of(rules(digests=False), rules(mode="warn"))
    assert [each.partition(":")[0] for each in told] == ["images, main-admission-labels only warn"]


@pytest.mark.parametrize(("image", "told"), [("proxy:2", ["proxy:2"]), ("proxy:1", [])])
def test_an_image_that_webhooks_add_is_told_by_its_name_and_one_that_goes_harms_nobody(image, told):
    dangers = told_of(rules(added=("proxy:1", "init:1")), rules(added=(image,)))
    assert dangers == [f"images lets in image {each} that a webhook adds: {THERE}" for each in told]


def test_a_rule_of_an_earlier_release_is_told_by_its_messages():
    def of_release(*checks):
        made = rules()
        ((key, policy),) = [(key, each) for key, each in made.items() if key == (POLICY, "main-admission-images")]
        validations = [{"expression": each, "message": f"an image is not {each}"} for each in checks]
        spec = {**policy["spec"], "validations": validations}
        return {**made, key: {"metadata": {"name": policy["metadata"]["name"]}, "spec": spec}}

    assert told_of(of_release("a"), of_release("a", "b")) == [
        f"images refuses otherwise: an image is not b: {NOT_AGAIN}"
    ]
    (weaker,) = told_of(of_release("a", "b"), of_release("a"))
    assert weaker.startswith("images no longer checks b")


GPU, GPUS = (
    {"requests.nvidia.com/gpu": "2", "requests.cpu": "64"},
    {"requests.nvidia.com/gpu": "4", "requests.cpu": "64"},
)


def promised(before, after, twice=True, name="lab", **more):
    annotations = {"annotations": {"ml-platform/oversubscribed": "true"}} if twice else {}
    inputs = [{"metadata": {"namespace": name, **annotations}, "spec": {"hard": each}} for each in (before, after)]
    return of(QUOTA, *inputs, f"{name}.quota", op="same" if before == after else "update", **more)


@pytest.mark.parametrize(
    ("before", "after", "twice", "told"),
    [
        (GPU, GPUS, True, "requests.nvidia.com/gpu 2 → 4"),
        (GPU, GPUS, False, ""),  # the settings keep the sum of all quotas within the pools
        (GPU, {**GPU, "requests.cpu": "640"}, False, "requests.cpu 64 → 640"),
        (GPU, {**GPU, "requests.cpu": "640"}, True, "requests.cpu 64 → 640"),
        (GPU, {**GPU, "requests.cpu": "128"}, True, ""),
        (GPUS, GPU, True, "gets smaller"),
        ({**GPU, "count/jobs.batch": "1"}, {**GPU, "count/jobs.batch": "9"}, True, ""),
        ({**GPU, "requests.storage": "1Gi"}, {**GPU, "requests.storage": "9Gi"}, True, ""),
    ],
)
def test_a_larger_quota_is_told_where_it_takes_from_others(before, after, twice, told):
    shop = {**GPU, "requests.storage": "1Gi", "count/jobs.batch": "1"}
    dangers = found(promised(before, after, twice), promised(shop, shop, name="shop"))
    assert [told in each.opening for each in dangers] == ([True] if told else [])
    if told and "smaller" not in told:
        (danger,) = dangers
        assert danger.opening == f"the quota of namespace lab grows: {told}"
        assert danger.consequence == "who comes first has it: pods of shop may wait"


def test_a_larger_quota_takes_nothing_where_nobody_else_has_any():
    assert not found(promised(GPU, GPUS))
    none = {"requests.nvidia.com/gpu": "0"}
    assert not found(promised(GPU, GPUS), promised(none, none, name="shop"))
    elsewhere = urn("pulumi:providers:kubernetes", "other")
    assert not found(promised(GPU, GPUS), promised(GPU, GPU, name="shop", provider=f"{elsewhere}::id"))


@pytest.mark.parametrize("twice", [True, False])
def test_a_quota_says_whether_its_devices_are_promised_to_others(twice):
    team = TeamSettings.model_validate(
        {"name": "lab", "namespaces": ("lab",), "quota": {"lab": {"oversubscribed": twice}}}
    )

    def make(_):
        lab = kubernetes.core.v1.Namespace("lab", metadata={"name": "lab"})
        register("lab.quota", team, "lab", GPU, pulumi.ResourceOptions(depends_on=[lab]))

    cloud = PlatformCloud()
    cloud.up_part(make)
    (made,) = [plain(each.inputs) for each in cloud.registered.values() if each.name == "lab.quota"]
    assert ("ml-platform/oversubscribed" in (made["metadata"].get("annotations") or {})) == twice


def of_claims(*namespaces, words=True):
    """The rule for claims; namespaces: whose volumes may go with their claims."""
    allows = {ALLOWS: ", ".join(f"volumes of telemetry in {each}" for each in namespaces)} if words else {}
    return {
        "metadata": {"name": "ml-platform-no-gp2", "annotations": allows},
        "spec": {
            "matchConstraints": {"resourceRules": [{"resources": ["persistentvolumeclaims"]}]},
            "validations": [{"expression": f"request.namespace in {list(namespaces)}"}],
        },
    }


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (of_claims("monitoring"), of_claims("monitoring", "lab"), ["lets in volumes of telemetry in lab"]),
        (of_claims("lab"), of_claims(), ["no longer lets in volumes of telemetry in lab"]),
        (of_claims(), of_claims("loki"), []),  # it comes with the add-on
        (of_claims("lab"), of_claims("lab"), []),
        (
            of_claims("lab", words=False),
            of_claims("lab", "loki"),
            ["now says in words what it lets in, and no longer checks request.namespace in ['lab']"],
        ),
    ],
)
def test_whose_volumes_go_with_their_claims_is_told_of_namespaces_that_stay(before, after, told):
    spaces = (
        of(NAMESPACE, LAB, LAB, "main-namespace-lab", op="same"),
        of(NAMESPACE, None, {"metadata": {"name": "loki"}}, "main-namespace-loki"),
    )
    dangers = found(*spaces, of(POLICY, before, after, "no-gp2", op="same" if before == after else "update"))
    assert [each.opening.removeprefix("the API server's rule no-gp2 ") for each in dangers] == told
    assert [each.severity for each in dangers] == [GRAVE if each.startswith("lets") else SERIOUS for each in told]
