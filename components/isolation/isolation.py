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

    def close(self, namespace: str, after: pulumi.Resource | None) -> list[pulumi.Resource]:
        """Registers the policies of a namespace; none where it is not closed. after: the namespace, if it is made.

        In kube-system, with `strict`, all pods but those of our charts are opened first.
        """
        args = self._args
        flows = args.flows.get(namespace, ())
        manifests = network_policies(namespace, flows, args.networks) if namespace in args.flows else []
        if namespace == COMES_WITH_THE_CLUSTER and args.strict:
            manifests.append(others_are_open(namespace, flows))
        return [
            custom_resource(
                f"{self._key}.{namespace}.{manifest['metadata']['name']}",
                manifest,
                pulumi.ResourceOptions(
                    parent=self, provider=args.provider, depends_on=[after] if after is not None else None
                ),
                awaited=False,
            )
            for manifest in manifests
        ]
