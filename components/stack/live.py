"""What the stack is that is up already, and whether the stack file still describes it.

AWS moves nothing to another region or address range, and renames nothing: an `up` would make everything anew. It would
delete buckets and file systems with what is in them, and stop half-way: protection keeps some of the old, some of the
new needs names that are taken, and the engine cannot delete Kubernetes objects through a provider that it replaces with
their cluster (pulumi issue 14650). So such a change is refused. Zones are kept where they are.
The engine tells a program the outputs of its own stack, as they were before this operation, with each backend. They are
known without a call to AWS, and for the region before as well. A stack that is new or destroyed has none.
Source: pulumi 3.259, pkg/resource/deploy/builtins.go, readStackOutputs; read 2026-11.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.core.stage import Stage
from settings.network.network import NetworkSettings


@dataclass(frozen=True)
class LiveStack:
    """The stack that is up, by its outputs. Stacks of earlier releases lack some of them, and new stacks have none."""

    outputs: Mapping[str, Any]

    @classmethod
    def read(cls) -> "LiveStack":
        name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
        answer: Any = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": name}).value
        return cls(answer["outputs"])

    @property
    def zones(self) -> Sequence[str]:
        zones: Sequence[str] = self._network.get("zones", ())
        return zones

    @property
    def nat_zones(self) -> Sequence[str]:
        zones: Sequence[str] = self._network.get("nat_zones", ())
        return zones

    def control_plane_zones(self, cluster: str) -> Sequence[str]:
        zones: Sequence[str] = self._clusters.get(cluster, {}).get("control_plane_zones", ())
        return zones

    def check(self, stage: Stage, network: NetworkSettings) -> None:
        """Raises RunError when the stack is up in another place than the stack file says, or with other names."""
        if reason := self.mistake(stage, network):
            raise pulumi.RunError(reason)

    def mistake(self, stage: Stage, network: NetworkSettings) -> str | None:
        """Returns why the stack file does not describe this stack; None when it does."""
        names = [(cluster.get("name"), stage.cluster_name(key)) for key, cluster in self._clusters.items()]
        for setting, before, now in (
            ("region", self.outputs.get("region"), stage.region),
            ("account_id", self.outputs.get("account_id"), stage.account_id),
            ("network.cidr", self._network.get("cidr"), network.cidr),
            *(("name, environment", *pair) for pair in names),
        ):
            if before not in (None, now):
                return (
                    f"{setting}: the stack is up with {before}, and the stack file makes that {now}. AWS moves and "
                    "renames nothing: `up` would delete clusters, buckets and file systems with what is in them, and "
                    "stop half-way. Write the old value again. Then make a second stack, move the data, and destroy "
                    "this one: docs/guides/stack/move-a-stack.md. A stack without data worth keeping can be destroyed "
                    "first."
                )
        return None

    @property
    def _network(self) -> Mapping[str, Any]:
        return self.outputs.get("network") or {}

    @property
    def _clusters(self) -> Mapping[str, Mapping[str, Any]]:
        return self.outputs.get("clusters") or {}
