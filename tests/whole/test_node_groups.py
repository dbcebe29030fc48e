"""Node groups of a live pool: updated zone by zone, and kept when a replacement fails for want of capacity."""

import json
from collections.abc import Iterator
from contextlib import closing

import pytest

from common.urns import name_of
from report.in_process import Done
from report.take_back import take_back
from simulator import console
from simulator.cloud import Cloud
from tests.whole.live import Live, live

pytestmark = pytest.mark.engine

YES = ("--yes", "--skip-preview")
GROUP = "aws:eks/nodeGroup:NodeGroup"
CPU = "clusters.main.pools.cpu"
ZONES = ("main-cpu-us-west-2a", "main-cpu-us-west-2b")


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Live:
    stack = live(tmp_path_factory.mktemp("dev") / "project", "dev")
    stack.change({f"{CPU}.min_per_zone": 1})
    stack.run("up", *YES)
    return stack


def groups(stack: Live) -> dict[str, str]:
    """Returns id -> status of the node groups of the CPU pool."""
    with closing(Cloud(stack.cloud)) as cloud:
        return {each.id: each.state["status"] for each in cloud.of_type(GROUP) if name_of(each.urn) in ZONES}


def delete_the_failed(stack: Live) -> None:
    (failed,) = [id_ for id_, status in groups(stack).items() if status == "CREATE_FAILED"]
    console.run(["delete", failed, "--type", GROUP, "--region", "us-west-2"], stack.cloud)
    stack.run("refresh", *YES)


def steps(done: Done) -> Iterator[tuple[str, str]]:
    """Yields begin and end of each step of the CPU pool's groups, by name."""
    for event in map(json.loads, done.events):
        for kind in ("resourcePreEvent", "resOutputsEvent"):
            metadata = event.get(kind, {}).get("metadata", {})
            if metadata.get("type") == GROUP and name_of(metadata["urn"]) in ZONES and metadata["op"] != "same":
                yield kind, name_of(metadata["urn"])


def test_the_second_zone_waits_for_the_first(dev: Live) -> None:
    dev.change({f"{CPU}.image_release": "20261012"})
    order = list(steps(dev.engine.pulumi("up", *YES)))
    assert order == [(kind, zone) for zone in ZONES for kind in ("resourcePreEvent", "resOutputsEvent")]


@pytest.mark.parametrize("also", [{}, {f"{CPU}.disk": {"size_gib": 300}}])
def test_a_replacement_without_capacity_is_taken_back(dev: Live, tmp_path, capsys, also) -> None:
    before, file = groups(dev), dev.file.read_text()
    dev.change({f"{CPU}.instance_types": ["m7i.2xlarge"], **also})
    assert dev.engine.pulumi("up", *YES, fault="capacity=m7i.2xlarge").code
    assert groups(dev).items() > before.items(), "the old groups still run"
    dev.run("preview", refused="is CREATE_FAILED: its nodes did not start")
    delete_the_failed(dev)

    def pulumi(*arguments: str) -> tuple[int, str, str]:
        done = dev.engine.pulumi(*arguments)
        return done.code, done.output, done.errors

    state = tmp_path / "taken-back.json"
    assert take_back("dev", state, pulumi) == 0
    said = capsys.readouterr().out
    assert f"{ZONES[0]}: " in said
    assert ("EKS then replaces every node" in said) == bool(also), "with another launch template no node is kept"
    dev.run("stack", "import", "--file", str(state))
    dev.file.write_text(file)
    done = dev.engine.pulumi("up", *YES)
    assert not done.code, done.said[-3000:]
    assert {name for _, name in steps(done)} >= (set(ZONES) if also else set()), "these are they whose nodes end"
    assert groups(dev) == before, "no third group was made"
    dev.run("preview", "--expect-no-changes")
    assert take_back("dev", state, pulumi) == 1, "nothing is left to take back"


def test_a_replacement_without_capacity_goes_on_when_there_is_some(dev: Live) -> None:
    before = groups(dev)
    dev.change({f"{CPU}.instance_types": ["m7i.2xlarge"]})
    assert dev.engine.pulumi("up", *YES, fault="capacity=m7i.2xlarge").code
    delete_the_failed(dev)
    dev.run("up", *YES)
    assert set(groups(dev).values()) == {"ACTIVE"}
    assert len(groups(dev)) == len(ZONES)
    assert not groups(dev).keys() & before.keys()
    dev.run("preview", "--expect-no-changes")


def test_reserved_pools_give_their_capacity_back_first(dev: Live) -> None:
    dev.change({f"{CPU}.replacement": "delete-first"})
    dev.run("up", *YES)
    dev.change({f"{CPU}.instance_types": ["m7i.xlarge"]})
    done = dev.engine.pulumi("up", *YES)
    operations = [json.loads(line).get("resourcePreEvent", {}).get("metadata", {}) for line in done.events]
    first = [each["op"] for each in operations if each.get("urn", "").endswith(ZONES[0])]
    assert first.index("delete-replaced") < first.index("create-replacement")
    dev.run("preview", "--expect-no-changes")
