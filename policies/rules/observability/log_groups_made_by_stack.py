"""Agents that send logs make no log groups: the stack does.

Sources: aws/eks-charts v0.0.242, stable/aws-for-fluent-bit/values.yaml; fluent/fluent-bit v5.1.1,
plugins/out_cloudwatch_logs; read 2026-11.
"""

import re
from collections.abc import Iterator
from typing import Any

from policies.rule import Case, Resource, Rule, at, flag, text

MAKES = re.compile(r"\bauto_create_group\W+(on|true|yes|1)\b", re.IGNORECASE)
OUTPUTS = {"cloudWatchLogs": True, "cloudWatch": False}
"""Outputs of aws-for-fluent-bit -> whether it is on by default."""
PROBLEM = "lets it make log groups, without a key and an end, and they outlive the stack"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    chart = re.sub(r"-v?\d.*$", "", text(resource, "chart").rpartition("/")[2])
    if chart == "aws-for-fluent-bit":
        for output, on in OUTPUTS.items():
            makes = f"values.{output}.autoCreateGroup"
            if flag(resource, f"values.{output}.enabled", default=on) and flag(resource, makes, default=True):
                yield makes, PROBLEM
    elif chart == "fluent-bit":
        for path, content in _texts("values.config", at(resource, "values.config")):
            if MAKES.search(content):
                yield path, PROBLEM


def _texts(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    for key, each in value.items() if isinstance(value, dict) else ():
        yield from _texts(f"{path}.{key}", each)


def _ours(outputs: str) -> dict[str, object]:
    return {"chart": "fluent-bit", "values": {"config": {"outputs": f"[OUTPUT]\n    Name cloudwatch_logs\n{outputs}"}}}


RULE = Rule(
    id="log-groups-made-by-stack",
    applies_to="kubernetes:helm.sh/v3:Release",
    severity="medium",
    why="A log group that an agent makes is kept for ever, by a key that nobody chose, and stays after `destroy`.",
    fix="Write auto_create_group Off, and make the group in the stack with a retention and a key.",
    mend={"autoCreateGroup": False},
    on_unknown="fail",
    check=check,
    good={
        "groups of the stack": _ours("    auto_create_group Off\n"),
        "nothing set, as the plugin in C": _ours(""),
        "AWS's chart, with groups of the stack": {
            "chart": "aws-for-fluent-bit",
            "values": {"cloudWatchLogs": {"autoCreateGroup": False}},
        },
        "AWS's chart, to OpenSearch alone": {
            "chart": "aws-for-fluent-bit",
            "values": {"cloudWatchLogs": {"enabled": False}, "opensearch": {"enabled": True}},
        },
        "another chart": {"chart": "cert-manager", "values": {"config": {"x": "auto_create_group On"}}},
    },
    bad={
        "nothing set in AWS's chart": Case({"chart": "aws-for-fluent-bit"}, at="values.cloudWatchLogs.autoCreateGroup"),
        "groups by the plugin": Case(_ours("    Auto_Create_Group On\n"), at="values.config.outputs"),
        "the same in YAML": Case(
            {
                "chart": "oci://example.com/charts/fluent-bit",
                "values": {"config": {"extraFiles": {"fluent-bit.yaml": "auto_create_group: true"}}},
            },
            at="values.config.extraFiles.fluent-bit.yaml",
        ),
        "the older plugin of AWS's chart": Case(
            {
                "chart": "aws-for-fluent-bit",
                "values": {"cloudWatchLogs": {"enabled": False}, "cloudWatch": {"enabled": True}},
            },
            at="values.cloudWatch.autoCreateGroup",
        ),
    },
)
