"""Each mistake that `teams` can have is reported at its path, with a sentence that ends with advice."""

from typing import Any

import pytest

from settings.tenancy.team_budget import BudgetSettings
from tests.settings.stacks import problems, stack

SERVING = {"name": "serving", "namespaces": ["inference"]}
BUDGET = {"monthly_usd": 100, "notify": ["ml@example.com"]}


def _with(**changes: Any) -> list[dict[str, Any]]:
    return [SERVING, {"name": "research", "namespaces": ["research"], **changes}]


MISTAKES: dict[str, tuple[Any, str, str]] = {
    # what is wrong: (the teams, the path of the problem, the end of the message)
    "two teams with one name": (_with(name="serving"), "teams[1].name", "already the name of teams[0]. Rename one."),
    "two teams with one namespace": (
        _with(namespaces=["lab", "inference"]),
        "teams[1].namespaces[1]",
        "inference is the namespace of serving, and a namespace has one team. Name another one.",
    ),
    "one namespace, once with the cluster's name": (
        _with(namespaces=["inference"], cluster="main"),
        "teams[1].namespaces[0]",
        "inference is the namespace of serving, and a namespace has one team. Name another one.",
    ),
    "cluster that is not there": (_with(cluster="mian"), "teams[1].cluster", "Did you mean main?"),
    "namespace of an add-on": (_with(namespaces=["cert-manager"]), "teams[1].namespaces[0]", "Name another one."),
    "namespace of Kubernetes": (_with(namespaces=["kube-system"]), "teams[1].namespaces", "Name another one."),
    "namespace twice": (_with(namespaces=["lab", "lab"]), "teams[1].namespaces", "Name each once."),
    "name that no namespace can have": (_with(namespaces=["Lab one"]), "teams[1].namespaces[0]", "example lab-one."),
    "no namespace": (_with(namespaces=[]), "teams[1].namespaces", ""),
    "namespace that Kubernetes keeps": (_with(namespaces=["kube-lab"]), "teams[1].namespaces", "Name another one."),
    "namespace of two add-ons": (
        _with(namespaces=["cert-manager"]),
        "teams[1].namespaces[0]",
        "cert-manager is the namespace of the add-on cert-manager. Name another one.",
    ),
    "name that ends with a dash": (_with(name="research-"), "teams[1].name", "Write for example research."),
    "no pool": (_with(pools=[]), "teams[1].pools", "those of its quota. Add one, or drop it."),
    "service account that is always there": (
        _with(service_accounts=["default"]),
        "teams[1].service_accounts",
        "default is in every namespace, and the team's pods may always have it. Drop it.",
    ),
    "key that is no file": (_with(secrets={"hub": {"keys": ["."]}}), "teams[1].secrets.hub.keys", "at its beginning."),
    "key above the folder": (
        _with(secrets={"hub": {"keys": [".."]}}),
        "teams[1].secrets.hub.keys",
        "at its beginning.",
    ),
    "nothing": ("", "teams", "for example `teams: [{name: serving, namespaces: [inference]}]`, or drop it."),
    "budget with a comma": (
        _with(budget={**BUDGET, "monthly_usd": "3,000"}),
        "teams[1].budget.monthly_usd",
        "for example monthly_usd: 3000.",
    ),
    "budget with a sign": (
        _with(budget={**BUDGET, "monthly_usd": "$3000"}),
        "teams[1].budget.monthly_usd",
        "for example monthly_usd: 3000.",
    ),
    "share as a fraction": (
        _with(budget={**BUDGET, "at_percent": [0.8]}),
        "teams[1].budget.at_percent[0]",
        "Write a number, for example 80.",
    ),
    "share as the only fraction, and not as a list": (
        _with(budget={**BUDGET, "at_percent": 0.8}),
        "teams[1].budget.at_percent",
        "is the number 0.8, but a list is expected here. Write [80].",
    ),
    "whole share as a fraction": (
        _with(budget={**BUDGET, "at_percent": [1.0]}),
        "teams[1].budget.at_percent[0]",
        "Write a number, for example 100.",
    ),
    "share with its sign": (
        _with(budget={**BUDGET, "at_percent": [50, "80%"]}),
        "teams[1].budget.at_percent[1]",
        "Write a number, for example 80.",
    ),
    "a share above ten budgets": (
        _with(budget={**BUDGET, "at_percent": [1001]}),
        "teams[1].budget.at_percent",
        "1001 is no share of a budget. Write 1 to 1000.",
    ),
    "a share of nothing": (
        _with(budget={**BUDGET, "at_percent": [0]}),
        "teams[1].budget.at_percent",
        "0 is no share of a budget. Write 1 to 1000.",
    ),
    "budget with eleven addresses": (
        _with(budget={**BUDGET, "notify": [f"a{place}@example.com" for place in range(11)]}),
        "teams[1].budget.notify",
        "has 11, and at most 10 are allowed. Addresses that get a mail at each threshold; AWS allows ten. Drop 1.",
    ),
    "budget that would count nothing": (
        _with(budget=BUDGET),
        "teams[1].budget",
        "stand at 0 USD. Drop it, or give the team a bucket of its own.",
    ),
    "budget with more mails than AWS sends": (
        _with(budget={**BUDGET, "at_percent": [50, 60, 70, 80, 90]}),
        "teams[1].budget.at_percent",
        "has 5, and at most 4 are allowed. Shares of the budget at which a mail is sent. Drop 1.",
    ),
    "misspelt key": ([{**SERVING, "namspaces": ["lab"]}], "teams[0].namspaces", "Did you mean namespaces?"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_the_way_out(name: str) -> None:
    teams, path, advice = MISTAKES[name]
    (problem,) = problems(stack((("teams",), teams)))
    assert problem.path == path
    assert problem.message.endswith(advice)


def test_a_share_is_one_percent_to_ten_budgets() -> None:
    assert BudgetSettings.model_validate({**BUDGET, "at_percent": [1, 1000]}).at_percent == (1, 1000)


def test_a_team_names_its_cluster_where_there_are_two() -> None:
    second = ("clusters", "other"), stack()["clusters"]["main"]
    (problem,) = problems(stack(second, (("teams",), [SERVING])))
    assert problem.path == "teams[0].cluster"
    assert problem.message.endswith("main, other. Name one.")
    assert not problems(stack(second, (("teams",), [{**SERVING, "cluster": "other"}])))


GOV = (("region",), "us-gov-west-1")
NOTES = {"purpose": "datasets", "used_by": [{"namespace": "research", "service_account": "worker"}]}
OTHERS = {**NOTES, "used_by": [*NOTES["used_by"], {"namespace": "inference", "service_account": "worker"}]}


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"bucket": NOTES}, False),
        ({"bucket": OTHERS}, True),
        ({"secrets": {"hub": {"keys": ["token"]}}}, False),
        ({"secrets": {"session": {"keys": ["password"], "filled": "generated"}}}, True),
    ],
    ids=["bucket of its own", "bucket of two teams", "secret in the store", "password in the cluster alone"],
)
def test_a_budget_has_something_to_count(changes: dict[str, Any], refused: bool) -> None:
    bucket = changes.pop("bucket", None) if (changes := dict(changes)) else None
    teams = _with(budget=BUDGET, **changes)
    found = problems(stack((("teams",), teams), (("storage",), {"buckets": {"notes": bucket}} if bucket else {})))
    assert [problem.path for problem in found] == (["teams[1].budget"] if refused else [])


def test_there_are_no_budgets_in_govcloud() -> None:
    teams = _with(budget=BUDGET, secrets={"hub": {"keys": ["token"]}})
    found = {problem.path: problem.message for problem in problems(stack((("teams",), teams), GOV))}
    assert "AWS has no Budgets in us-gov-west-1" in found["teams[1].budget"]
    assert found["teams[1].budget"].endswith("make one in the account that pays for this one.")


@pytest.mark.parametrize(
    "wrong",
    [
        (("teams",), [{**SERVING, "priority": "high"}]),
        (("teams",), "serving"),
        (("storage",), {"buckets": {"notes": {**NOTES, "purpose": "none"}}}),
    ],
    ids=["a team", "all teams", "storage"],
)
def test_what_is_wrong_in_a_team_is_no_mistake_of_mesh_and_doors(wrong: tuple[tuple[str, ...], Any]) -> None:
    callers = [{"namespace": "inference", "service_account": "web"}]
    service = {"namespace": "inference", "service": "chat", "port": 80, "pods": {"app": "chat"}, "callers": callers}
    mesh = {"namespaces": ["inference"], "services": {"chat": service}}
    pools = [*stack()["clusters"]["main"]["pools"]]
    raw = stack(
        wrong,
        (("clusters", "main", "pools"), pools),
        (("mesh",), mesh),
        (("ingress",), {"internal": {"namespaces": ["inference"]}}),
    )
    told = [problem for problem in problems(raw) if problem.path.startswith(("mesh.names", "mesh.serv", "ingress.int"))]
    assert not [problem for problem in told if "inference" in problem.message]
    assert problems(raw)
