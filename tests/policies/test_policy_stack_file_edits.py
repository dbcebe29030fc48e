"""The edits of the stack file that messages show: they load as shown, and the rules pass with them."""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

import pytest

from components.stack.stack_file import load
from policies.check import judge
from policies.rule import Rule, StackRule
from tests.components.conftest import PlatformCloud
from tests.policies.mending import filled
from tests.policies.policy_harness import ALL
from tests.settings.stacks import RIGHT, SOURCE, TODAY, problems
from tests.settings.tenancy.test_wrong_signatures import PUBLIC

EDITED = [each for each in ALL.values() if each.stack_file]
OFFICE = {"public": True, "public_cidrs": ["203.0.113.0/24"]}
SIGNED = {"images": ["123456789012.dkr.ecr.us-west-2.amazonaws.com/ours/*"], "keys": [PUBLIC], "mode": "audit"}
GPUS = {"name": "gpus", "instance_types": ["g6.xlarge"], "min_per_zone": 1, "desired_per_zone": 1, "max_per_zone": 2}
LAB = {"name": "lab", "namespaces": ["lab"]}
HOME = {"purpose": "shared", "used_by": [{"namespace": "lab", "mode": "write"}]}
BREAKS: dict[str, dict[str, Any]] = {
    "admission-denies": {"admission.mode": "warn", "teams": [LAB]},
    "cost-budget-alarm": {},
    "cost-gpu-scale-to-zero": {"clusters.main.pools[2]": GPUS},
    "cost-spot-in-dev": {"environment": "dev", "clusters.main.pools[1].capacity_type": "on-demand"},
    "ecr-immutable-scan": {"images.kms": False, "teams": [{**LAB, "repositories": ["x"]}]},
    "efs-mounts-by-iam": {"storage.file_systems": {"home": {**HOME, "access": "network"}}},
    "eks-control-plane-logs": {"clusters.main.logs.types": ["audit"]},
    "eks-creator-not-admin": {},
    "eks-deletion-protection": {"deletion_protection": False},
    "eks-endpoint-private": {"clusters.main.endpoint": OFFICE},
    "eks-public-cidrs-narrow": {"clusters.main.endpoint": {"public": True, "public_cidrs": ["198.51.0.0/19"]}},
    "eks-standard-support": {"clusters.main.support_type": "EXTENDED"},
    "guardduty-watches-audit": {},
    "image-signatures-deny": {"admission": {"kyverno": {}, "signatures": SIGNED}, "teams": [LAB]},
    "kms-deletion-window": {"keys.deletion_window_days": 7},
    "log-audit-alarmed": {},
    "net-endpoint-scoped": {"network.endpoints": {"gateway": ["s3"]}},
    "net-team-namespaces-closed": {"teams": [LAB]},
    "obs-alerts-reach-somebody": {"environment": "staging", "observability": {}},
    "obs-cluster-measured": {},
    "rel-backup-locked": {"storage.recovery.lock_days": 0, "storage.file_systems": {"home": HOME}},
    "rel-stateful-protected": {"deletion_protection": False},
    "res-account-pinned": {},
}
"""Rule -> what breaks it in the smallest stack file; what is wrong stands last in a list."""


def at(raw: Any, path: str) -> Iterator[tuple[Any, str | int]]:
    """Yields what holds each place that a path means, and its key there. <name>: every entry; []: the last item."""
    first, *rest = re.findall(r"\[\d*\]|[^.\[\]]+", path)
    holders = [(raw, first)]
    for step in rest:
        holders = [pair for holder, key in holders for pair in below(holder, key, step)]
    return iter(holders)


def below(holder: Any, key: str | int, step: str) -> list[tuple[Any, str | int]]:
    if isinstance(holder, dict):
        holder.setdefault(key, [] if step[0] == "[" else {})
    inner = holder[key]
    if step == "[]":
        return [(inner, len(inner) - 1)]
    if step[0] == "[":
        return [(inner, int(step[1:-1]))]
    return [(inner, name) for name in inner] if step == "<name>" else [(inner, step)]


def edited(raw: Mapping[str, Any], edits: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a stack file with each value at its path; None: nothing stands there."""
    changed = deepcopy(dict(raw))
    for path, value in edits.items():
        for holder, key in at(changed, path):
            if value is None:
                holder.pop(key, None)
            elif isinstance(key, int) and key == len(holder):
                holder.append(value)
            else:
                holder[key] = deepcopy(value)
    return changed


def shown(rule: Rule | StackRule) -> dict[str, Any]:
    """Returns the edits with words in the place of what the reader has to say."""
    return {path: filled(value) for path, value in rule.stack_file.items()}


def breaking(rule: Rule | StackRule) -> dict[str, Any]:
    return edited(RIGHT, BREAKS[rule.id])


@pytest.mark.parametrize("rule", EDITED, ids=lambda rule: rule.id)
def test_a_stack_file_loads_with_the_edits_that_a_message_shows(rule: Rule | StackRule) -> None:
    assert problems(breaking(rule)) == ()
    assert problems(edited(breaking(rule), shown(rule))) == (), "the next message would be the loader's"


@pytest.mark.parametrize("rule", [each for each in EDITED if "<" in str({*map(str, each.stack_file.values())})])
def test_a_placeholder_that_is_pasted_unread_is_refused(rule: Rule | StackRule) -> None:
    assert problems(edited(breaking(rule), rule.stack_file))


def test_each_rule_whose_edit_is_shown_has_an_example() -> None:
    assert {each.id for each in EDITED} == BREAKS.keys()


def broken(raw: Mapping[str, Any]) -> frozenset[str]:
    return broken_in(json.dumps(raw))


@cache
def broken_in(raw: str) -> frozenset[str]:
    """Returns the rules that fail in the program of a stack file."""
    cloud, settings = PlatformCloud(), load(json.loads(raw), SOURCE, TODAY)
    cloud.up(settings)
    states = [
        {
            "urn": each.urn,
            "type": each.type,
            "id": each.id,
            "inputs": each.inputs,
            "outputs": each.outputs,
            "provider": each.provider,
            "protect": each.protect,
            "parent": each.parent,
            "propertyDependencies": {key: sorted(urns) for key, urns in each.property_dependencies.items()},
        }
        for each in cloud.registered.values()
    ]
    told = judge(states, environment=settings.environment)
    return frozenset(each.rule for each in told if each.status == "failed")


@pytest.mark.parametrize("rule", EDITED, ids=lambda rule: rule.id)
def test_the_rule_passes_in_a_stack_with_its_edits(rule: Rule | StackRule) -> None:
    raw = breaking(rule)
    assert rule.id in broken(raw), "the example breaks nothing"
    assert rule.id not in broken(edited(raw, shown(rule))), "the edit does not mend"
