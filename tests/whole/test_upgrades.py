"""Kubernetes from 1.34 to 1.36 on live stacks, one minor version at a time."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import pytest

from simulator import console
from simulator.cloud import Cloud
from tests.whole.edits import Edit, make
from tests.whole.live import GONE, Live, live

pytestmark = pytest.mark.engine

YES = ("--yes", "--skip-preview")
CLUSTER, GROUP, ADDON = "aws:eks/cluster:Cluster", "aws:eks/nodeGroup:NodeGroup", "aws:eks/addon:Addon"
MAIN = "clusters.main"
DRIVER = f"{MAIN}.managed_addons.aws-fsx-csi-driver"
# The catalog has no version of the FSx driver for 1.34 and 1.36.
PINNED: Mapping[str, Mapping[str, Any]] = {"dev": {}, "prod": {DRIVER: {"version": "v1.9.0-eksbuild.1"}}}


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_a_live_stack_goes_up_one_version_after_the_other(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    first = {f"{MAIN}.version": "1.34", f"{MAIN}.support_type": "EXTENDED", **PINNED[name]}
    stack = live(tmp_path_factory.mktemp(name) / "project", name, first)
    make(stack, Edit({f"{MAIN}.version": "1.36"}, refused="Write 1.35 first"))
    make(stack, Edit({f"{MAIN}.version": "1.35", f"{MAIN}.support_type": GONE}, settles=True))
    make(stack, Edit({f"{MAIN}.version": "1.34", f"{MAIN}.support_type": "EXTENDED"}, refused="and not back"))
    make(stack, Edit({f"{MAIN}.version": "1.36"}, settles=True))
    roll_back(stack, "1.35")
    make(stack, Edit({f"{MAIN}.version": "1.34", f"{MAIN}.support_type": "EXTENDED"}, refused="Write 1.35:"))
    stack.change({f"{MAIN}.version": "1.35"})
    stack.run("refresh", *YES)
    make(stack, Edit({}, settles=True))
    set_version(stack, CLUSTER, "1.36")  # AWS upgrades it, or somebody in the console
    stack.run("refresh", *YES)
    make(stack, Edit({f"{MAIN}.version": "1.36"}, settles=True))


def roll_back(stack: Live, version: str) -> None:
    """Does what the guide says to do by hand: nodes and kube-proxy first, then the control plane."""
    set_version(stack, GROUP, version)
    with closing(Cloud(stack.cloud)) as cloud:
        (proxy,) = [each for each in cloud.of_type(ADDON) if each.state["addonName"] == "kube-proxy"]
    console.run(
        ["set", proxy.id, "addonVersion", f'"v{version}.0-eksbuild.2"', "--type", ADDON, "--region", proxy.region],
        stack.cloud,
    )
    set_version(stack, CLUSTER, version)


def set_version(stack: Live, kind: str, version: str) -> None:
    with closing(Cloud(stack.cloud)) as cloud:
        found = [(each.id, each.region) for each in cloud.of_type(kind)]
    for id_, region in found:
        console.run(["set", id_, "version", f'"{version}"', "--type", kind, "--region", region], stack.cloud)
