"""What the stack needs of an account: its settings, and the resources of its preview in the simulator."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from catalog.regions import REGIONS
from common.values import UNKNOWN
from components.core.stage import Stage
from costs.resource import Resource
from costs.sources import from_event_log
from engine.locate import EngineNotFound
from report.events import read
from report.simulated import ROOT
from settings.compute.node_pool import NodePoolSettings
from settings.stack.stack import StackSettings


class NoPreviewError(Exception):
    """The stack cannot be previewed in the simulator. `str()` says why."""


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What a stack needs. planned: what `up` would make in an account that has nothing of it."""

    stack: str
    settings: StackSettings
    account_id: str
    planned: tuple[Resource, ...]

    def of(self, *types: str) -> list[Resource]:
        """Returns the planned resources of these types of AWS, such as `eks/cluster:Cluster`."""
        return [each for each in self.planned if each.type.removeprefix("aws:") in types]

    def region_of(self, resource: Resource) -> str:
        return str(resource.inputs.get("region") or self.settings.region)

    @cached_property
    def stage(self) -> Stage:
        return Stage.of(self.settings, self.account_id)

    @cached_property
    def pools(self) -> Mapping[str, NodePoolSettings]:
        """The pools by `<cluster>.<pool>`."""
        return {f"{key}.{pool.name}": pool for key, each in self.settings.clusters.items() for pool in each.pools}

    @cached_property
    def zones(self) -> tuple[str, ...]:
        """The zones of the network. Where the stack file gives their number, the account chooses their names."""
        return tuple(sorted({str(each.inputs["availabilityZone"]) for each in self.of("ec2/subnet:Subnet")}))

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The regions that the stack builds in; its own comes first."""
        return tuple(dict.fromkeys((self.settings.region, *map(self.region_of, self.of(*self._types)))))

    @cached_property
    def _types(self) -> set[str]:
        return {each.type.removeprefix("aws:") for each in self.planned if each.type.startswith("aws:")}

    def owns(self, tags: Mapping[str, str]) -> bool:
        """Tells whether tags are those of this stack, or of one of the same name in another region."""
        return self.stage.own_tags.items() <= tags.items()


def expected_account(settings: StackSettings) -> tuple[str, str] | None:
    """Returns the account that the stack file names, and by which setting; None where it names none."""
    if settings.account_id:
        return settings.account_id, "account_id"
    if settings.deployer.role_arn:
        return settings.deployer.role_arn.split(":")[4], "deployer.role_arn"
    return None


def home_of(partition: str) -> str:
    """Returns the region of a partition that is always on, where Service Quotas answers for IAM."""
    return {"aws-us-gov": "us-gov-west-1"}.get(partition, "us-east-1")


def needs_of(stack: str, settings: StackSettings, account_id: str, project: Path = ROOT) -> Needs:
    """Previews a stack in the simulator, as a new one in this account. Raises NoPreviewError when that fails."""
    partition = REGIONS[settings.region].partition
    principal = settings.deployer.role_arn or f"arn:{partition}:iam::{account_id}:user/preflight"
    from report.in_process import InProcess  # it loads the program

    with tempfile.TemporaryDirectory(prefix="preflight-") as folder:
        place = InProcess(Path(folder) / "home", project, stack, settings.deployer.address, principal)
        try:
            done = place.pulumi("preview")
        except EngineNotFound as error:
            raise NoPreviewError(str(error)) from None
    if done.code:
        raise NoPreviewError("; ".join(read(done.events).errors) or done.said.strip()[-500:])
    # The engine tells of resources as they come, and a table whose rows change places is hard to compare.
    planned = tuple(sorted(from_event_log(done.events), key=lambda each: (each.type, each.name, each.urn)))
    return Needs(stack=stack, settings=settings, account_id=account_id, planned=planned)


def name_of(resource: Resource) -> str | None:
    """Returns the name in AWS that the program gives a resource; None for one that Pulumi makes: it never clashes."""
    for key in ("name", "bucket"):
        value = resource.inputs.get(key)
        if isinstance(value, str) and key not in resource.inputs.get("__defaults", ()):
            return value
    return None


def tags_of(thing: Mapping[str, Any] | None) -> dict[str, str]:
    """Returns the tags of a thing in any of the forms in which AWS writes them."""
    found: Any = next((thing[key] for key in ("Tags", "tags", "TagSet") if key in thing), {}) if thing else {}
    if isinstance(found, Mapping):
        return dict(found)
    return {each.get("Key", each.get("TagKey")): each.get("Value", each.get("TagValue")) for each in found}


def known(value: Any) -> str:
    """Returns a text of the preview; "" for one that only `up` knows."""
    return "" if value is None or value is UNKNOWN else str(value)
