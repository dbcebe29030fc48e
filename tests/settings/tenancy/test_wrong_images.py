"""Each mistake about images is reported at its path, with a sentence that ends with advice."""

from typing import Any

import pytest

from tests.settings.stacks import problems, stack

ROLE = "arn:aws:iam::123456789012:role/ci"
IMAGES, NAME, ENVIRONMENT = ("images",), ("name",), ("environment",)


def _team(**changes: Any) -> tuple[tuple[str], list[dict[str, Any]]]:
    return ("teams",), [{"name": "research", "namespaces": ["research"], **changes}]


def _cache(*upstreams: str, **changes: Any) -> tuple[tuple[str], dict[str, Any]]:
    return IMAGES, {"cache": {"upstreams": list(upstreams), **changes}}


MISTAKES: dict[str, tuple[tuple[Any, ...], str, str]] = {
    # what is wrong: (the changes, the path of the problem, the end of the message)
    "upper case": ((_team(repositories=["Trainer"]),), "teams[0].repositories[0]", "Rename it, for example trainer."),
    "a path": ((_team(repositories=["a/b"]),), "teams[0].repositories[0]", "Rename it, for example a-b."),
    "a long repository": ((_team(repositories=["a" * 101]),), "teams[0].repositories[0]", f"{'a' * 100}."),
    "a name of one character too many": (
        ((NAME, "ml-platform-abc"), _cache("docker-hub")),
        "images.cache.upstreams[0]",
        "Shorten `name` by 1, which only a new stack can, or drop it.",
    ),
    "a repository twice": ((_team(repositories=["a", "a"]),), "teams[0].repositories", "Name each once."),
    "an account that pushes": (
        (_team(repositories=["a"], pushers=["arn:aws:iam::123456789012:root"]),),
        "teams[0].pushers",
        "Write for example arn:aws:iam::123456789012:role/ci-research.",
    ),
    "a user that pushes": (
        (_team(repositories=["a"], pushers=["arn:aws:iam::123456789012:user/ci"]),),
        "teams[0].pushers",
        "Write for example arn:aws:iam::123456789012:role/ci-research.",
    ),
    "pushers of nothing": ((_team(pushers=[ROLE]),), "teams[0].pushers", "Add one, or drop it."),
    "NVIDIA's registry": ((_cache("nvcr"),), "images.cache.upstreams[0]", ""),
    "a registry twice": ((_cache("k8s", "k8s"),), "images.cache.upstreams", "Name each once."),
    "nothing cached": ((_cache(),), "images.cache.upstreams", ""),
    "a secret that is none": ((_cache("k8s", filled=["k8s"]),), "images.cache.filled", "Drop it here."),
    "a secret of nobody": ((_cache("k8s", filled=["ghcr"]),), "images.cache.filled", "Add it there, or drop it here."),
    "no image kept": (((IMAGES, {"keep": 0}),), "images.keep", ""),
    "a long name": (
        ((NAME, "ml-platform-research1"), _cache("quay", "docker-hub")),
        "images.cache.upstreams[1]",
        "Shorten `name` by 7, which only a new stack can, or drop it.",
    ),
    "no way to the internet": (
        ((("network", "nat"), "none"), _cache("k8s")),
        "images.cache",
        "or drop it and copy the images into repositories of a team.",
    ),
    "a region without caches": (
        ((("region",), "us-gov-west-1"), _cache("k8s")),
        "images.cache",
        "Drop it, and copy the images.",
    ),
    "a team named like a registry": (
        (_team(name="quay", repositories=["a"]), _cache("quay")),
        "teams[0].repositories",
        "Rename the team, or drop that upstream.",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_at_its_path_with_advice(mistake: str) -> None:
    changes, path, end = MISTAKES[mistake]
    found = {each.path: each.message for each in problems(stack(*changes))}
    assert path in found, found
    assert found[path].endswith(end), found[path]


@pytest.mark.parametrize(
    "changes",
    [
        (_team(name="quay", repositories=["a"]), _cache("k8s")),
        (_team(name="quay"), _cache("quay")),
        (_team(repositories=["a_b", "a.b", "a--b", "1"], pushers=[ROLE]),),
        (_cache("ecr-public", "k8s", "quay", "docker-hub", "ghcr", filled=["ghcr"]),),
        ((NAME, "ml-platform-ab"), _cache("docker-hub")),  # ml-platform-ab-prod/docker-hub has 30 characters
        (_team(repositories=["a" * 100]),),
    ],
)
def test_what_ecr_takes_is_no_mistake(changes: Any) -> None:
    assert not [each for each in problems(stack(*changes)) if each.path.startswith(("images", "teams"))]


def test_a_budget_counts_repositories_of_the_team() -> None:
    budget = {"monthly_usd": 100, "notify": ["ml@example.com"]}
    with_none, with_one = (
        {each.path for each in problems(stack(_team(budget=budget, repositories=names)))} for names in ([], ["a"])
    )
    assert "teams[0].budget" in with_none
    assert "teams[0].budget" not in with_one
