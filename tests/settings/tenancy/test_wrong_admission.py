"""Each mistake that `admission` can have is reported at its path, with a sentence that ends with advice."""

from typing import Any

import pytest

from tests.settings.stacks import problems, stack

MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    # what is wrong: (the settings, the path of the problem, the end of the message)
    "no host": ({"registries": ["library"]}, "admission.registries", "if you like, a path: docker.io/library."),
    "a scheme": ({"registries": ["https://docker.io"]}, "admission.registries", "a path: docker.io/library."),
    "a wildcard": ({"registries": ["*.example.com"]}, "admission.registries", "a path: docker.io/library."),
    "registry twice": ({"registries": ["ghcr.io", "ghcr.io"]}, "admission.registries", "Name each once."),
    "no label": ({"labels": ["my team"]}, "admission.labels", "<domain>/<name>: app.kubernetes.io/name."),
    "a label with a quote": ({"labels": ["a'] || ['b"]}, "admission.labels", "app.kubernetes.io/name."),
    "no domain": ({"labels": ["/name"]}, "admission.labels", "app.kubernetes.io/name."),
    "label twice": ({"labels": ["owner", "owner"]}, "admission.labels", "Name each once."),
    "no such mode": ({"mode": "audit"}, "admission.mode", ""),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_the_way_out(name: str) -> None:
    admission, path, advice = MISTAKES[name]
    (problem,) = problems(stack((("admission",), admission)))
    assert problem.path == path
    assert problem.message.endswith(advice)
