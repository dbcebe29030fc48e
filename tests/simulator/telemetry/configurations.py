"""What Prometheus's operator makes of objects and values: the configurations that its pods get."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from common.yaml_parser import PARSER
from simulator.telemetry.build import programs

Object = Mapping[str, Any]


class ConfigurationError(Exception):
    """The operator refuses it, and would leave its pods with what they have. The text is its own."""


def prometheus_configuration(
    prometheus: Object, pod_monitors: Sequence[Object], service_monitors: Sequence[Object] = ()
) -> dict[str, Any]:
    """Returns prometheus.yml of the first pod of a Prometheus and its monitors, which all count.

    Raises ConfigurationError.
    """
    given = {"prometheus": prometheus, "podMonitors": pod_monitors, "serviceMonitors": service_monitors}
    text = _operator(given)
    for variable, value in {"SHARD": "0", "POD_NAME": f"prometheus-{prometheus['metadata']['name']}-0"}.items():
        text = text.replace(f"$({variable})", value)  # as the reloader beside Prometheus does
    made: dict[str, Any] = yaml.load(text, Loader=PARSER)
    return made


def alertmanager_configuration(values: Object) -> str:
    """Returns alertmanager.yaml of the chart's `alertmanager.config`. Raises ConfigurationError."""
    return _operator({"alertmanager": yaml.safe_dump(dict(values))})


def _operator(given: Object) -> str:
    command = [programs().operator]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ConfigurationError(done.stderr.strip())
    return done.stdout
