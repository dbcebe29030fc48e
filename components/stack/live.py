"""What the stack is that is up already, and whether the stack file still describes it.

AWS moves nothing to another region or address range, and renames nothing: an `up` would make everything anew. It would
delete buckets and file systems with what is in them, and stop half-way: protection keeps some of the old, some of the
new needs names that are taken, and the engine cannot delete Kubernetes objects through a provider that it replaces with
their cluster (pulumi issue 14650). So such a change is refused. Zones are kept where they are.
The engine tells a program the outputs of its own stack, as they were before this operation, with each backend. They are
known without a call to AWS, and for the region before as well. A stack that is new or destroyed has none.
Source: pulumi 3.259, pkg/resource/deploy/builtins.go, readStackOutputs; read 2026-11.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from catalog.kubernetes import VERSIONS, later, next_version
from components.core.stage import Stage
from components.security.deployer import is_session_of
from settings.cluster.cluster import ClusterSettings
from settings.stack.stack import StackSettings


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
        zones: Sequence[str] = self.clusters.get(cluster, {}).get("control_plane_zones", ())
        return zones

    def pools(self, cluster: str) -> Mapping[str, Any]:
        """Returns what the last run recorded of the managed pools of a cluster, by name."""
        return self.clusters.get(cluster, {}).get("pools") or {}

    def meshed(self, cluster: str) -> Sequence[str]:
        """Returns the namespaces of people whose pods have proxies, also where the namespace has left the stack."""
        namespaces: Sequence[str] = (self.clusters.get(cluster, {}).get("mesh") or {}).get("namespaces") or ()
        return namespaces

    @property
    def requested_quotas(self) -> Mapping[str, float]:
        """Quota code -> vCPUs that the stack has asked for."""
        return self.outputs.get("requested_quotas") or {}

    def check(self, stage: Stage, settings: StackSettings) -> None:
        """Raises RunError when the stack is up in another place or with other names, or what is in it would break."""
        reason = (
            self._moved(stage, settings)
            or self._another_service_range(settings.clusters)
            or self._anchors_at_once(settings)
            or self._mesh_under_its_pods(settings)
            or self._door_under_protection(settings)
            or self._storage_without_its_team(settings)
        )
        if reason:
            raise pulumi.RunError(reason)

    def check_versions(
        self, clusters: Mapping[str, ClusterSettings], running: Collection[str], version_of: Callable[[str], str]
    ) -> None:
        """Raises RunError when a cluster would skip a minor version of Kubernetes, or go back.

        People roll a control plane back, and AWS upgrades one without support: so EKS is asked, also where the stack
        file has not changed. running: keys of the clusters that exist.
        """
        for key, cluster in clusters.items():
            before = self.clusters.get(key, {}).get("version")
            if before is None or key not in running:
                continue
            present = version_of(key)
            if present == before == cluster.version:
                continue
            if present not in VERSIONS:
                raise pulumi.RunError(
                    f"clusters.{key}.version: EKS has the cluster at {present}, which this release does not know: its "
                    "add-ons, images and support are not in the catalog. Take a release that has it, or `make facts`."
                )
            following = next_version(present)
            if cluster.version == present:
                pulumi.log.warn(
                    f"clusters.{key}.version: EKS has the cluster at {present} already, and the last run left it at "
                    f"{before}. Unless that is done, run `pulumi refresh` before `up`: the state would ask EKS again."
                )
            elif cluster.version != following:
                raise pulumi.RunError(
                    f"clusters.{key}.version: the cluster is up with {present}, and `up` goes one minor version at a "
                    f"time and not back, so {cluster.version} is refused. Write "
                    f"{f'{following} first' if following and later(cluster.version, present) else present}: "
                    "docs/guides/cluster/upgrade-kubernetes.md."
                )

    def check_way_in(self, settings: StackSettings, caller_arn: Callable[[], str]) -> None:
        """Raises RunError when the deployer goes, and neither its role nor the caller stays admin of each cluster.

        EKS makes the creator admin only when it makes the cluster, and it does not where the stack has a deployer.
        """
        role = self.outputs.get("deployer_role_arn")
        if role is None or settings.deployer.role_arn is not None:
            return
        caller = caller_arn()
        lost = [
            key
            for key, cluster in settings.clusters.items()
            if key in self.clusters
            and not any(admin == role or _is(caller, admin) for admin in _cluster_admins(cluster))
        ]
        if lost:
            raise pulumi.RunError(
                f"deployer.role_arn: {role} loses {', '.join(f'clusters.{key}' for key in lost)}, and {caller}, who "
                "runs this, is no admin there: the next run could read nothing in it. Write role_arn again. Or give "
                "the role that deploys an entry in clusters.<name>.access with policy: cluster-admin and no "
                "namespaces, and run this as it: docs/guides/cluster/way-in.md."
            )

    def _another_service_range(self, clusters: Mapping[str, ClusterSettings]) -> str | None:
        """Returns which cluster would be replaced. Of its settings, only this one would do that, beside the network."""
        for key, cluster in clusters.items():
            before, now = self.clusters.get(key, {}).get("service_cidr"), cluster.service_cidr
            if before is not None and now not in (None, before):
                return (
                    f"clusters.{key}.service_cidr: the cluster is up with {before}, and the stack file makes that "
                    f"{now}. EKS never changes it, and `up` would delete part of what is in the cluster and stop. "
                    "Write the old value again. For another range, add a second cluster under another key, move what "
                    "runs in the first one, and remove that: docs/guides/stack/move-a-stack.md."
                )
        return None

    def _anchors_at_once(self, settings: StackSettings) -> str | None:
        """Returns whose anchor would be replaced in one step, so that pods that are up could not verify the others.

        A pod trusts the anchors that were there when it started, and is trusted by the issuer of that time for a day.
        """
        for key in settings.clusters:
            before, mesh = self.clusters.get(key, {}).get("mesh"), settings.mesh_of(key)
            if before is None or mesh is None:
                continue
            if mesh.issuer not in before["anchors"]:
                wrong = f"{mesh.issuer} would sign identities, and no pod that is up trusts it yet"
            elif before["issuer"] not in mesh.anchors:
                wrong = f"{before['issuer']} goes, and pods that are up have identities that it has signed"
            else:
                continue
            return (
                f"mesh.anchors: {wrong}, so pods of {key} could not reach each other. Take one step at a time, each "
                "with `pulumi up` and a restart of the meshed pods: both anchors, then issuing_anchor, then the new "
                "one alone: docs/guides/mesh/rotate-the-anchor.md."
            )
        return None

    def _mesh_under_its_pods(self, settings: StackSettings) -> str | None:
        """Returns whose pods would keep proxies without a control plane: an identity lives for a day, and then ends."""
        for key in settings.clusters:
            meshed = self.meshed(key)
            if meshed and settings.mesh_of(key) is None:
                kept = (self.outputs.get("kept") or {}).get("retained_namespaces", ())
                left = [name for name in meshed if f"{key}/{name}" in kept]
                back = f"bring {', '.join(left)} back under teams, " if left else ""
                return (
                    f"mesh: {key} loses it, and pods of {', '.join(meshed)} have proxies that need it, so within a day "
                    f"they could reach nobody. First {back}take the namespaces out of mesh.namespaces, run `pulumi "
                    "up`, and start their pods again: docs/guides/mesh/leave-the-mesh.md."
                )
        return None

    def _door_under_protection(self, settings: StackSettings) -> str | None:
        """Returns which door would go although its load balancer is protected.

        The Gateway would be marked as deleted and stay for ever: the controller cannot delete its load balancer, and
        builds it no more. Source: aws-load-balancer-controller 3.5.0, pkg/gateway/model/base_model_builder.go.
        """
        for key, cluster in self.clusters.items():
            ingress = settings.ingress_of(key)
            present = {"internal", *(["public"] if ingress.public else [])} if ingress else set()
            if key in settings.clusters and (gone := sorted(set(cluster.get("protected_doors", ())) - present)):
                return (
                    f"ingress: {key} loses the door {', '.join(gone)}, whose load balancer is protected: it would be "
                    "frozen, and not deleted. First write deletion_protection: false under "
                    f"{' and '.join(f'ingress.{door}' for door in gone)}, and run `pulumi up`; then drop it: "
                    "docs/guides/ingress/expose-a-service.md."
                )
        return None

    def _storage_without_its_team(self, settings: StackSettings) -> str | None:
        """Returns which namespace loses its team while storage names it: it would keep its data, and have no quota."""
        keys = settings.clusters.keys()
        owned = {(team.cluster_among(keys), namespace) for team in settings.teams for namespace in team.namespaces}
        for kind, name, entry in settings.storage.entries():
            for user in entry.used_by:
                key, namespace = user.cluster_among(settings.clusters), user.namespace
                team = self.clusters.get(key, {}).get("teams", {}).get(namespace)
                if team is not None and (key, namespace) not in owned:
                    return (
                        f"teams: {namespace} of {key} loses its team, {team}, and storage.{kind}.{name} names it: pods "
                        "there would keep the data, with no quota and nobody to ask. Give the namespace to another "
                        f"team. Or take it out of storage.{kind}.{name}.used_by too, which keeps the data: "
                        "docs/guides/tenancy/when-a-team-leaves.md."
                    )
        return None

    def _moved(self, stage: Stage, settings: StackSettings) -> str | None:
        """Returns why the stack file describes another stack; None when it describes this one."""
        names = [(cluster.get("name"), stage.cluster_name(key)) for key, cluster in self.clusters.items()]
        for setting, before, now in (
            ("region", self.outputs.get("region"), stage.region),
            ("account_id", self.outputs.get("account_id"), stage.account_id),
            ("network.cidr", self._network.get("cidr"), settings.network.cidr),
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
    def clusters(self) -> Mapping[str, Mapping[str, Any]]:
        """The clusters by their keys, with what the last run put out of each."""
        return self.outputs.get("clusters") or {}


def _cluster_admins(cluster: ClusterSettings) -> Sequence[str]:
    """Returns the principals that the stack file makes admins of the whole cluster."""
    return [
        each.principal_arn for each in cluster.access.values() if each.policy == "cluster-admin" and not each.namespaces
    ]


def _is(caller_arn: str, principal_arn: str) -> bool:
    """Tells whether a caller is a user, or a session of a role."""
    return caller_arn == principal_arn or is_session_of(caller_arn, principal_arn)
