"""What Prometheus's operator makes of objects and values: the configurations that its pods get."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from common.yaml_parser import PARSER
from simulator.kubernetes.meaning.node import Node
from simulator.kubernetes.meaning.selectors import matches
from simulator.telemetry.build import programs

Object = Mapping[str, Any]


class ConfigurationError(Exception):
    """The operator refuses it, and would leave its pods with what they have. The text is its own."""


def prometheus_configuration(
    prometheus: Object, pod_monitors: Sequence[Object], service_monitors: Sequence[Object] = ()
) -> dict[str, Any]:
    """Returns prometheus.yml of the first pod of a Prometheus and the monitors that it selects.

    Raises ConfigurationError.
    """
    given = {
        "prometheus": prometheus,
        "podMonitors": selected(prometheus["spec"], "podMonitor", pod_monitors),
        "serviceMonitors": selected(prometheus["spec"], "serviceMonitor", service_monitors),
    }
    text = _operator(given)
    for variable, value in {"SHARD": "0", "POD_NAME": f"prometheus-{prometheus['metadata']['name']}-0"}.items():
        text = text.replace(f"$({variable})", value)  # as the reloader beside Prometheus does
    made: dict[str, Any] = yaml.load(text, Loader=PARSER)
    return made


def selected(spec: Object, kind: str, objects: Sequence[Object]) -> list[Object]:
    """Returns the objects that a Prometheus selects: by their labels, and by the name of their namespace.

    An empty selector selects all, none at all selects nothing.
    Source: prometheus-operator v0.93.0, pkg/prometheus/resource_selector.go; read 2026-11.
    """
    by, of = spec.get(f"{kind}Selector"), spec.get(f"{kind}NamespaceSelector", {})
    return [
        each
        for each in objects
        if by is not None
        and matches(Node(by), each["metadata"].get("labels") or {})
        and matches(Node(of), {"kubernetes.io/metadata.name": each["metadata"]["namespace"]})
    ]


def alertmanager_configuration(values: Object) -> str:
    """Returns alertmanager.yaml of the chart's `alertmanager.config`. Raises ConfigurationError."""
    return _operator({"alertmanager": yaml.safe_dump(dict(values))})


def _operator(given: Object) -> str:
    command = [programs().operator]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ConfigurationError(done.stderr.strip())
    return done.stdout
