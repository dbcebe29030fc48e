"""The engine follows every path of dependencies when a deletion fails: many paths are minutes, or for ever.

Source: pulumi v3.259.0, pkg/resource/graph/dependency_graph.go, markAsDependency, which stops at no resource that it
has seen; called by performPostSteps (pkg/resource/deploy/deployment_executor.go); read 2026-11.
"""

from functools import cache
from pathlib import Path

import pytest

from components.stack.stack_file import load_file
from tests.components.conftest import PlatformCloud

ROOT = Path(__file__).parents[3]
PER_RESOURCE, OF_THE_GUARD = 2_000_000, 40_000_000  # about a second, and less than a minute


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_failed_deletion_is_told_at_once(cloud: PlatformCloud, stack: str) -> None:
    cloud.up(load_file(ROOT / f"Pulumi.{stack}.yaml"))

    @cache
    def paths(urn: str) -> int:
        each = cloud.registered[urn]
        provider = each.provider.rpartition("::")[0]
        named = [*each.dependencies, *(urn for urns in each.property_dependencies.values() for urn in urns)]
        return 1 + sum(paths(other) for other in [provider, *named] if other in cloud.registered)

    most = sorted(((paths(urn), each.name) for urn, each in cloud.registered.items()), reverse=True)
    (all_of_them, guard), *others = most
    assert guard == "platform-deletion-protection" or stack == "dev"
    assert all_of_them < OF_THE_GUARD, most[:3]
    assert others[0][0] < PER_RESOURCE, others[:10]
