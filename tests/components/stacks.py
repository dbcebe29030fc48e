"""Stacks that pass; each test breaks or changes one thing in them."""

from typing import Any

from components.core.stage import Stage
from settings.stack.stack import StackSettings
from simulator.aws.operation_context import ACCOUNT
from tests.in_process.providers import REGION

POOL: dict[str, Any] = {"name": "system", "instance_types": ["m5.2xlarge", "m5.4xlarge"], "scaling": "fixed"}
CLUSTER: dict[str, Any] = {"version": "1.35", "pools": [POOL]}


def stack(**changes: Any) -> StackSettings:
    """A small production stack with one cluster, `main`."""
    raw: dict[str, Any] = {
        "environment": "prod",
        "region": REGION,
        "account_id": ACCOUNT,
        "owner": "platform-team",
        "cost_center": "ml-42",
        "network": {"zones": ["us-west-2a", "us-west-2b", "us-west-2c"]},
        "clusters": {"main": CLUSTER},
    }
    return StackSettings.model_validate({**raw, **changes})


def stack_with_pool(**changes: Any) -> StackSettings:
    return stack(clusters={"main": {**CLUSTER, "pools": [{**POOL, **changes}]}})


def stack_with_cluster(**changes: Any) -> StackSettings:
    return stack(clusters={"main": {**CLUSTER, **changes}})


def stack_with_network(**changes: Any) -> StackSettings:
    return stack(network={"zones": ["us-west-2a", "us-west-2b", "us-west-2c"], **changes})


def stage(**changes: Any) -> Stage:
    return Stage.of(stack(**changes), ACCOUNT)
