"""The network policies of one cluster, in the namespaces of its add-ons and teams."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from components.core.addon_spec import COMES_WITH_THE_CLUSTER
from components.core.custom_resource import custom_resource
from components.core.flows import Flow
from components.isolation.policies import Networks, network_policies, others_are_open


@dataclass(frozen=True, kw_only=True)
class IsolationArgs:
    """Arguments of the isolation of one cluster.

    provider: makes objects in it. flows: closed namespace -> what its pods send and receive.
    strict: whether a pod without a policy reaches nobody.
    """

    provider: kubernetes.Provider
    flows: Mapping[str, Sequence[Flow]]
    networks: Networks
    strict: bool


class Isolation(pulumi.ComponentResource):
    """Named `<cluster>-isolation`; a '.' parts namespace and policy in the names of its children.

    Who makes a namespace closes it: before anything else is in it, and until everything else is gone. A namespace that
    its team has left stays, and is open again: a policy that stayed with it would refuse the team that comes back, and
    one that outlives its entry would outlive isolation, too.
    """

    def __init__(self, name: str, args: IsolationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:isolation:Isolation", name, None, opts)
        self._key, self._args = name, args
        self.register_outputs({})

    def close(self, namespace: str, after: pulumi.Resource | None) -> pulumi.Resource | None:
        """Registers the policies of a namespace, and returns what everything else in it waits for.

        That is the last of them, since each waits for the one before: where all waited for the namespace, and all else
        for each of them, the engine would have a multiple of paths to follow. after: the namespace, if it is made; it
        is returned where the namespace is not closed. In kube-system, with `strict`, all pods but those of our charts
        are opened; without it nothing there waits.
        """
        args = self._args
        flows = args.flows.get(namespace, ())
        manifests = network_policies(namespace, flows, args.networks) if namespace in args.flows else []
        if namespace == COMES_WITH_THE_CLUSTER and args.strict:
            manifests.append(others_are_open(namespace, flows))
        last = after
        for manifest in manifests:
            waits = [last] if last is not None else None
            last = custom_resource(
                f"{self._key}.{namespace}.{manifest['metadata']['name']}",
                manifest,
                pulumi.ResourceOptions(parent=self, provider=args.provider, depends_on=waits),
                awaited=False,
            )
        return last if namespace != COMES_WITH_THE_CLUSTER or args.strict else None
