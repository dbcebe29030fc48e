"""A monitor reads pods of its own namespace; one of the platform's namespace reads those that it names.

With `any`, or names of others, a monitor finds pods that belong to somebody else.
Source: prometheus-operator v0.93.0, NamespaceSelector; read 2026-11.
"""

from collections.abc import Iterator, Sequence

from policies.rule import Case, Option, Resource, Rule, flag, text, texts

KINDS = tuple(f"kubernetes:monitoring.coreos.com/v1:{kind}" for kind in ("PodMonitor", "ServiceMonitor"))
SELECTOR = "spec.namespaceSelector"


def check(resource: Resource, *, platform: Sequence[str]) -> Iterator[tuple[str, str]]:
    own = text(resource, "metadata.namespace")
    if flag(resource, f"{SELECTOR}.any"):
        yield f"{SELECTOR}.any", "reads pods of every namespace"
    others = [name for name in texts(resource, f"{SELECTOR}.matchNames") if name != own]
    if others and own not in platform:
        yield f"{SELECTOR}.matchNames", f"reads pods of {', '.join(others)}, which is another namespace"


def _monitor(at: str = "", namespace: str = "research", **selector: object) -> Case:
    props = {"metadata": {"namespace": namespace}, "spec": {"namespaceSelector": selector}}
    return Case(props, at=f"{SELECTOR}.{at}")


RULE = Rule(
    id="obs-monitor-own-namespace",
    applies_to=KINDS,
    severity="low",
    why="Metrics of another team show its models, its users and its load.",
    fix="Leave namespaceSelector out; or write teams[].metrics, as our Prometheus reads monitors of monitoring alone.",
    mend={"any": False, "matchNames": None},
    on_unknown="fail",
    options={
        "platform": Option("Namespaces in which the platform alone makes monitors.", ["monitoring"], stricter="fewer")
    },
    dev="advisory",
    check=check,
    good={
        "nothing set": {"metadata": {"namespace": "research"}, "spec": {}},
        "its own": _monitor(matchNames=["research"]),
        "not every namespace": _monitor(any=False),
        "one of the platform": _monitor(namespace="monitoring", matchNames=["cert-manager"]),
    },
    bad={
        "every namespace": _monitor("any", any=True),
        "every namespace, by the platform": _monitor("any", namespace="monitoring", any=True),
        "another one": _monitor("matchNames", matchNames=["research", "serving"]),
        "a monitor of Services": Case(
            {"metadata": {"namespace": "research"}, "spec": {"namespaceSelector": {"any": True}}},
            type=KINDS[1],
            at=f"{SELECTOR}.any",
        ),
    },
)
