"""Each mistake in a quota is told at its place: what is wrong, why, and what to write."""

from typing import Any

import pytest

from tests.settings.stacks import RIGHT, SOURCE, TODAY, problems, stack

MIG = {"preset": "a100-mig", "max_per_zone": 1, "zones": ["us-west-2a"]}  # 8 GPUs with 2, 1 and 1 slices
SHARED = {"preset": "gpu-small", "max_per_zone": 1, "sharing": {"strategy": "time-slicing", "replicas": 4}}  # 12 shares
HOME = {"purpose": "shared", "used_by": [{"namespace": "research", "mode": "write"}]}


def teams(*quotas: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A stack with pools of GPUs and a team for each quota, the first one with the namespace research."""
    names = ("research", "inference", "agents")
    entries = [
        {"name": name, "namespaces": [name], "quota": {name: quota}, **changes}
        for name, quota in zip(names, quotas, strict=False)
    ]
    pools = [*RIGHT["clusters"]["main"]["pools"], MIG, SHARED]
    return stack((("clusters", "main", "pools"), pools), (("teams",), entries))


def gpus(*counts: Any, **quota: Any) -> list[dict[str, Any]]:
    return [{"gpus": each, **quota} for each in counts]


FIRST = "true in each: who comes first has them."
OF = "teams[0].quota.research"
MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    # what is wrong: (the stack, the path of the problem, the end of the message)
    "pool that is not there": (
        teams(*gpus({"gpu-smal": 2})),
        f"{OF}.gpus.gpu-smal",
        "there is no pool gpu-smal in main. Did you mean gpu-small?",
    ),
    "pool of the team that is not there": (
        teams({}, pools=["cpu", "h100"]),
        "teams[0].pools[1]",
        "Known: system, cpu, a100-mig, gpu-small.",
    ),
    "GPUs of a pool without any": (teams(*gpus({"cpu": 1})), f"{OF}.gpus.cpu", "no Neuron devices. Drop the entry."),
    "pool that is not the team's": (
        teams(*gpus({"gpu-small": 2}), pools=["cpu"]),
        f"{OF}.gpus.gpu-small",
        "so no pod of it could be there. Add it to pools, or drop the entry.",
    ),
    "profile that the pool has not": (
        teams(*gpus({"a100-mig": {"1g.20gb": 1}})),
        f'{OF}.gpus.a100-mig["1g.20gb"]',
        "has no slices of 1g.20gb. Write one of 1g.10gb, 2g.20gb, 3g.40gb.",
    ),
    "number of a pool with slices": (
        teams(*gpus({"a100-mig": 4})),
        f"{OF}.gpus.a100-mig",
        "for example {1g.10gb: 4}; it has 1g.10gb, 2g.20gb, 3g.40gb.",
    ),
    "profiles of a pool without slices": (
        teams(*gpus({"gpu-small": {"1g.10gb": 1}})),
        f"{OF}.gpus.gpu-small",
        "are not cut into slices. Write a number: of shares.",
    ),
    "no profile": (teams(*gpus({"a100-mig": {}})), f"{OF}.gpus.a100-mig", "{1g.10gb: 1}, or drop the entry."),
    "more than the pool can have": (
        teams(*gpus({"gpu-small": 13})),
        f"{OF}.gpus.gpu-small",
        "12 that gpu-small has at its maximum size, 3 GPUs or devices. Lower it, or raise max_per_zone or max_gpus.",
    ),
    "more slices than the pool can have": (
        teams(*gpus({"a100-mig": {"1g.10gb": 16, "3g.40gb": 9}})),
        f'{OF}.gpus.a100-mig["3g.40gb"]',
        "has at its maximum size, 8 GPUs or devices. Lower it, or raise max_per_zone or max_gpus.",
    ),
    "more than there is, even where devices are promised to others": (
        teams(*gpus({"gpu-small": 13}, oversubscribed=True)),
        f"{OF}.gpus.gpu-small",
        "raise max_per_zone or max_gpus.",
    ),
    "more than there is in all quotas together": (
        teams(*gpus({"gpu-small": 6}, {"gpu-small": 4}, {"gpu-small": 3})),
        "teams[2].quota.agents.gpus.gpu-small",
        f"promise 13 (research 6, inference 4, agents 3). Lower one, or write oversubscribed: {FIRST}",
    ),
    "a promise that another quota does not keep": (
        teams({"gpus": {"gpu-small": 8}}, {"gpus": {"gpu-small": 8}, "oversubscribed": True}),
        f"{OF}.gpus.gpu-small",
        FIRST,
    ),
    "more slices than there are in all quotas together": (
        teams(*gpus({"a100-mig": {"2g.20gb": 5, "1g.10gb": 1}}, {"a100-mig": {"2g.20gb": 4}})),
        'teams[1].quota.inference.gpus.a100-mig["2g.20gb"]',
        FIRST,
    ),
    "a kind that nobody counts": (teams({"objects": {"gpus": 1}}), f"{OF}.objects", "secrets, services."),
    **{
        f"{count!r} devices": (teams(*gpus({"gpu-small": count})), f"{OF}.gpus.gpu-small", advice)
        for count, advice in {
            "2": "Write 2, without quotes.",
            1.5: "Write a number, for example gpu-small: 2.",
            True: "Write a number, for example gpu-small: 2.",
            "two": "Write a number, for example gpu-small: 2.",
        }.items()
    },
    "half a vCPU": (teams({"cpu": "500m"}), f"{OF}.cpu", "Write a number, for example cpu: 1."),
    "no device": (teams(*gpus({"gpu-small": 0})), f"{OF}.gpus", "without an entry the team has none."),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_the_way_out(name: str) -> None:
    raw, path, advice = MISTAKES[name]
    (problem,) = problems(raw)
    assert problem.path == path
    assert problem.message.endswith(advice)


@pytest.mark.parametrize(
    "raw",
    [
        teams({}),
        teams(*gpus({"gpu-small": 8}, {"gpu-small": 4, "a100-mig": {"1g.10gb": 16}})),
        teams(*gpus({"gpu-small": 12}, {"gpu-small": 12}, oversubscribed=True)),
    ],
    ids=["no devices", "all that there is", "promised to others"],
)
def test_quotas_that_the_pools_can_keep_pass(raw: dict[str, Any]) -> None:
    assert not problems(raw)


def test_a_namespace_needs_no_quota() -> None:
    assert not problems(stack((("teams",), [{"name": "lab", "namespaces": ["lab", "more"], "quota": {"lab": {}}}])))


def test_mistakes_of_several_quotas_are_told_at_once() -> None:
    found = problems(teams(*gpus({"gpu-smal": 2, "cpu": 1}, {"a100-mig": 4})))
    assert len(found) == 3, SOURCE


@pytest.mark.parametrize(
    ("quota", "path"),
    [
        ({"storage_gib": 0}, "storage_gib"),
        ({"objects": {"persistentvolumeclaims": 0}}, "objects.persistentvolumeclaims"),
    ],
)
def test_a_quota_leaves_room_for_the_claims_that_storage_makes(quota: dict[str, Any], path: str) -> None:
    raw = {**teams(quota), "storage": {"file_systems": {"home": HOME}}}
    (problem,) = problems(raw, TODAY)
    assert problem.path == f"{OF}.{path}"
    assert problem.message.endswith("for its claims in research. Write 1 or more.")
