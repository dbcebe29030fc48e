"""`make scale`: the number of nodes of a fixed pool, in an account and in a simulated cloud."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from components.stack.stack_file import load
from report import scale as module
from report.clients import CommandError
from report.scale import find, refuse, scale
from report.simulated import ReportError
from settings.compute.node_pool import NodePoolSettings
from tests.settings.stacks import SOURCE, TODAY, stack

CLUSTER = "ml-platform-prod-main"
GPU = {
    "name": "gpu",
    "instance_types": ["g6.xlarge"],
    "min_per_zone": 0,
    "max_per_zone": 2,
    "scaling": "fixed",
    "taints": [{"key": "nvidia.com/gpu"}],
}
POOL = ("clusters", "main", "pools", 1)


class Account:
    """Answers of the AWS CLI, and the commands that change something."""

    def __init__(self, desired: int = 0, maximum: int = 2, status: str = "ACTIVE") -> None:
        self.group = {"scalingConfig": {"minSize": 0, "maxSize": maximum, "desiredSize": desired}, "status": status}
        self.changes: list[Sequence[str]] = []

    def __call__(self, command: Sequence[str]) -> str:
        assert command[command.index("--cluster-name") + 1] == CLUSTER
        if command[2] == "list-nodegroups":
            names = [f"main-{pool}-us-west-2{zone}-0a1b2c3" for pool in ("gpu", "gpu-2", "system") for zone in "ab"]
            return json.dumps({"nodegroups": names})
        if command[2] == "describe-nodegroup":
            return json.dumps({"nodegroup": self.group})
        self.changes.append(command)
        return "{}"

    @property
    def sized(self) -> list[tuple[str, str]]:
        return [(command[command.index("--nodegroup-name") + 1], command[-1]) for command in self.changes]


@pytest.fixture(autouse=True)
def stack_file(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(stack((POOL, GPU)), SOURCE, TODAY)
    monkeypatch.setattr(module, "load_file", lambda path: settings)


def test_each_zone_gets_the_nodes_and_the_cost_is_told(capsys) -> None:
    account = Account()
    assert scale("prod", "main.gpu", 1, None, account) == 0
    wanted = [(f"main-gpu-us-west-2{zone}-0a1b2c3", "desiredSize=1") for zone in "ab"]
    assert account.sized == wanted, "another pool whose name begins alike keeps its size"
    said = capsys.readouterr().out
    assert "us-west-2a: 0 -> 1 nodes" in said
    assert "USD 1.61 more an hour" in said, "two g6.xlarge"
    assert "kubectl get nodes -l ml-platform/pool=gpu --watch" in said


def test_one_zone_alone_may_be_named(capsys) -> None:
    account = Account(desired=2)
    assert scale("prod", "gpu", 1, "us-west-2b", account) == 0
    assert account.sized == [("main-gpu-us-west-2b-0a1b2c3", "desiredSize=1")]
    assert "whatever runs on them" in capsys.readouterr().out


def test_without_an_answer_the_commands_are_printed(capsys) -> None:
    def no_credentials(command: Sequence[str]) -> str:
        raise CommandError("Unable to locate credentials")

    assert scale("prod", "gpu", 1, "us-west-2a", no_credentials) == 1
    said = capsys.readouterr().out
    assert "Unable to locate credentials" in said
    assert "starts_with(@, '\"'\"'main-gpu-us-west-2a'\"'\"')" in said
    assert f"--cluster-name {CLUSTER} --nodegroup-name NAME --scaling-config desiredSize=1" in said


@pytest.mark.parametrize(
    ("account", "says"),
    [
        (Account(status="UPDATING"), "is UPDATING. Wait until it is ACTIVE."),
        (Account(maximum=0), "may have 0 to 0 nodes: the sizes of the stack file are not up. Run pulumi up first."),
    ],
)
def test_a_group_that_would_refuse_is_told_before_anything_changes(account: Account, says: str) -> None:
    with pytest.raises(ReportError) as error:
        scale("prod", "gpu", 1, None, account)
    assert str(error.value).endswith(says)
    assert not account.changes


def test_a_pool_that_is_not_up_is_told() -> None:
    with pytest.raises(ReportError, match=r"has no node group of gpu in us-west-2d\. Run pulumi up first\.$"):
        scale("prod", "gpu", 1, "us-west-2d", Account())


@pytest.mark.parametrize(
    ("values", "nodes", "says"),
    [
        ({}, 3, "Write max_per_zone: 3, and run pulumi up first."),
        ({"min_per_zone": 1}, 0, "Write min_per_zone: 0, and run pulumi up first."),
        ({"scaling": "auto"}, 1, "or write scaling: fixed, and run pulumi up first."),
        ({"provisioner": "karpenter", "scaling": "auto"}, 1, "Its limits are max_per_zone and max_gpus."),
    ],
)
def test_a_size_that_would_not_hold_is_refused_with_advice(values: dict[str, Any], nodes: int, says: str) -> None:
    with pytest.raises(ReportError) as error:
        refuse(NodePoolSettings.model_validate({**GPU, **values}), nodes)
    assert str(error.value).endswith(says)


def test_a_misspelt_pool_is_refused() -> None:
    with pytest.raises(ReportError, match=r"^there is no pool main\.gpuu\. Did you mean main\.gpu\?$"):
        find(load(stack((POOL, GPU)), SOURCE, TODAY), "main.gpuu")


def test_a_size_that_off_peak_hours_take_back_is_told() -> None:
    pool = {**GPU, "off_peak": {"begins": "20:00", "hours": 10}}
    target = find(load(stack((POOL, pool)), SOURCE, TODAY), "gpu")
    group = module.NodeGroup(name="n", zone="us-west-2a", sizes={"desiredSize": 0}, status="ACTIVE")
    assert "after the next off-peak hours it has 0 again: write desired_per_zone: 1" in module.plan([group], target, 1)
