"""AWS's own agents do nothing that ours do already."""

from typing import Any

import pytest

from tests.settings.stacks import problems, stack

ON: Any = (("observability",), {})
LOGS: Any = (("observability",), {"logs": {}})
GPU = {"name": "gpu", "instance_types": ["g6.12xlarge"], "min_per_zone": 0}
OFF = {
    "containerLogs": {"enabled": False},
    "dcgmExporter": {"enabled": False},
    "manager": {"applicationSignals": {"autoMonitor": {"monitorAllServices": False}}},
}


def agents(**configuration: Any) -> Any:
    return (
        ("clusters", "main", "managed_addons"),
        {"amazon-cloudwatch-observability": {"version": "v6.4.0-eksbuild.1", "configuration": configuration}},
    )


def with_gpus() -> Any:
    pools = stack()["clusters"]["main"]["pools"]
    return ("clusters", "main", "pools"), [*pools, GPU]


def said(*settings: Any) -> list[str]:
    found = [each for each in problems(stack(*settings)) if "amazon-cloudwatch-observability" in each.path]
    assert all(each.message.endswith("Write false, or drop the add-on.") for each in found)
    return [each.message.split()[0] for each in found]


def test_agents_that_do_the_same_twice_are_reported() -> None:
    twice = "manager.applicationSignals.autoMonitor.monitorAllServices"
    assert said(agents(), ON) == [twice], "logs of containers are sent by nobody else, and no GPU is read"
    assert said(agents(), LOGS) == ["containerLogs.enabled", twice]
    assert said(agents(), ON, with_gpus()) == ["dcgmExporter.enabled", twice]


@pytest.mark.parametrize("settings", [(ON,), (LOGS, with_gpus())])
def test_what_is_off_does_no_harm(settings: Any) -> None:
    assert said(agents(**OFF), *settings) == []


def test_without_observability_they_are_alone() -> None:
    assert said(agents(), with_gpus()) == []


def test_a_text_that_reads_false_is_not_false() -> None:
    assert said(agents(**{**OFF, "dcgmExporter": {"enabled": "false"}}), ON, with_gpus()) == ["dcgmExporter.enabled"]
