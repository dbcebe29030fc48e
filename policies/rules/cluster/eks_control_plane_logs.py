"""The control plane writes its logs."""

from collections.abc import Iterator, Sequence

from policies.rule import Case, Option, Resource, Rule, texts

TYPES = "enabledClusterLogTypes"
ALL = ["api", "audit", "authenticator", "controllerManager", "scheduler"]


def check(resource: Resource, *, types: Sequence[str]) -> Iterator[tuple[str, str]]:
    missing = [name for name in types if name not in texts(resource, TYPES)]
    if missing:
        yield TYPES, f"lacks {', '.join(missing)}"


RULE = Rule(
    id="eks-control-plane-logs",
    applies_to="aws:eks/cluster:Cluster",
    severity="high",
    standards=("FSBP EKS.8", "CKV_AWS_37", "CIS EKS 2.1.1"),
    why="After an incident, only the audit log shows who did what in the cluster.",
    fix="Turn all types on.",
    mend={"enabledClusterLogTypes": ["api", "audit", "authenticator", "controllerManager", "scheduler"]},
    stack_file={"clusters.<name>.logs.types": ["api", "audit", "authenticator", "controllerManager", "scheduler"]},
    on_unknown="fail",
    options={"types": Option("Log types that must be on.", ALL, {"dev": ["audit", "authenticator"]}, stricter="more")},
    check=check,
    good={
        "all five": {"enabledClusterLogTypes": ALL},
        "dev needs two": Case({"enabledClusterLogTypes": ["authenticator", "audit"]}, environment="dev"),
    },
    bad={
        "nothing set, so none is on": Case({}, at=TYPES),
        "one missing": Case({"enabledClusterLogTypes": ALL[1:]}, at=TYPES),
        "dev without audit": Case({"enabledClusterLogTypes": ["authenticator"]}, environment="dev", at=TYPES),
    },
)
