"""Each mistake that `metrics` of a team can have is reported at its path, with a sentence that ends with advice."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.settings.stacks import problems, stack

Change = tuple[tuple[Any, ...], Any]
CHAT: dict[str, Any] = {"namespace": "inference", "pods": {"app": "chat"}, "port": 8000}
HEARD = {"alerts": {"platform": {"mail": ["ml@example.com"]}}}
ON: Change = (("observability",), HEARD)
SERVICE = {"namespace": "inference", "service": "chat", "port": 80, "pod_port": 8000, "pods": {"app": "chat"}}
CALLED = {**SERVICE, "callers": [{"namespace": "inference", "service_account": "agent"}]}
AT, CHART = "teams[0].metrics", ("clusters", "main", "addons", "kube-prometheus-stack")
OWN_PORT = "of its own; or name the same pods in both, and let that entry audit."


def read(**programs: Any) -> Change:
    return ("teams",), [{"name": "serving", "namespaces": ["inference", "more"], "metrics": programs}]


def chat(**changes: Any) -> Change:
    return read(chat={**CHAT, **changes})


def mesh(default: str, **service: Any) -> Change:
    services = {"chat": {**CALLED, **service}} if service.pop("there", True) else {}
    return ("mesh",), {"namespaces": ["inference"], "inbound": default, "services": services}


def values(**given: Any) -> Change:
    return CHART, {"values": {"prometheus": given}}


MISTAKES: dict[str, tuple[list[Change], str, str]] = {
    # what is wrong: (what the stack file says, the path of the problem, the end of the message)
    "no Prometheus": ([chat()], AT, "does nothing: main has no Prometheus. Write `observability: {}`, or drop it."),
    "namespace of others": ([ON, chat(namespace="lab")], AT, "which has inference, more. Name one of them."),
    "all pods": ([ON, chat(pods={})], f"{AT}.chat.pods", "Add one."),
    "a path with a question": ([ON, chat(path="/metrics?all=1")], f"{AT}.chat.path", "for example /metrics."),
    "too often": ([ON, chat(every_seconds=5)], f"{AT}.chat.every_seconds", "Write 15 or more."),
    "so rarely that graphs have gaps": ([ON, chat(every_seconds=300)], f"{AT}.chat.every_seconds", "120 or less."),
    "series without bound": ([ON, chat(samples=100_000)], f"{AT}.chat.samples", "Write 20000 or less."),
    "pods without bound": ([ON, chat(most_pods=5_000)], f"{AT}.chat.most_pods", "Write 1000 or less."),
    "a name that no object can have": (
        [ON, read(**{"a.b": CHAT})],
        f'{AT}["a.b"]',
        "the platform puts the team's own before it.",
    ),
    "the same twice": (
        [ON, read(chat=CHAT, again=CHAT)],
        f"{AT}.again",
        "reads the same as chat, so each sum would be twice as large. Drop one of them.",
    ),
    "more ports than policies open": (
        [ON, (("isolation",), {}), read(**{f"p{n}": {**CHAT, "port": 8000 + n} for n in range(25)})],
        AT,
        "the others would stay closed. Let programs serve on the same port.",
    ),
    "the port of proxies": (
        [ON, chat(port=4191), mesh("audit", there=False)],
        f"{AT}.chat.port",
        "which are read without it. Drop the entry.",
    ),
    "a Service that refuses whom it does not know": ([ON, chat(), mesh("deny")], f"{AT}.chat.port", OWN_PORT),
    "a Service that alone refuses": ([ON, chat(), mesh("audit", inbound="deny")], f"{AT}.chat.port", OWN_PORT),
    "a Service of some of the pods": (
        [ON, chat(), mesh("deny", inbound="audit", pods={"app": "chat", "tier": "a"})],
        f"{AT}.chat.port",
        OWN_PORT,
    ),
    **{
        f"{'.'.join(given)} where policies close it": (
            [ON, (("isolation",), {}), values(**given)],
            f"clusters.main.addons.kube-prometheus-stack.values.prometheus.{path}",
            "Write teams[].metrics of the team whose pods it is. Drop it.",
        )
        for path, given in {
            "prometheusSpec.additionalScrapeConfigs": {
                "prometheusSpec": {"additionalScrapeConfigs": [{"job_name": "x"}]}
            },
            "prometheusSpec.additionalScrapeConfigsSecret.enabled": {
                "prometheusSpec": {"additionalScrapeConfigsSecret": {"enabled": True}}
            },
            "additionalPodMonitors": {"additionalPodMonitors": [{"name": "x"}]},
            "additionalServiceMonitors": {"additionalServiceMonitors": [{"name": "x"}]},
        }.items()
    },
}
RIGHT: dict[str, list[Change]] = {
    "two paths of one port": [ON, read(chat=CHAT, more={**CHAT, "path": "/more"})],
    "a port that nothing speaks of": [ON, chat(port=9000), mesh("deny")],
    "other pods of the port": [ON, chat(pods={"app": "index"}), mesh("deny")],
    "a namespace without the mesh": [ON, chat(namespace="more"), mesh("deny")],
    "a Service that audits": [ON, chat(), mesh("deny", inbound="audit")],
    "a mesh that audits": [ON, chat(), mesh("audit")],
    "values of a cluster that closes nothing": [ON, values(additionalPodMonitors=[{"name": "x"}])],
    "nothing in values": [ON, (("isolation",), {}), values(additionalPodMonitors=[])],
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_where_it_is_with_what_to_write(name: str) -> None:
    changes, path, end = MISTAKES[name]
    assert [(each.path, each.message[-len(end) :] if end else "") for each in found(changes)] == [(path, end)]


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_taken(name: str) -> None:
    assert found(RIGHT[name]) == ()


def test_a_cluster_that_is_left_out_is_the_way_to_add_it() -> None:
    problems_ = found([(("observability",), {**HEARD, "clusters": ["mian"]}), chat()])
    (problem,) = [each for each in problems_ if each.path == AT]
    assert problem.message.endswith("Add main to observability.clusters, or drop it.")


def test_a_wrong_observability_hides_that_metrics_do_nothing() -> None:
    assert [each.path for each in found([(("observability",), {**HEARD, "wrong": 1}), chat()])] == [
        "observability.wrong"
    ]


def found(changes: list[Change]) -> Sequence[Any]:
    return problems(stack(*changes))
