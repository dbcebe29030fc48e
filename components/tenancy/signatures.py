"""Registers the policy by which Kyverno verifies the signatures of a team's images."""

import pulumi

from components.core.cluster_ref import ClusterRef
from components.core.custom_resource import custom_resource
from components.tenancy.signature_policy import KYVERNO, policy
from settings.tenancy.signatures import SignatureSettings


def signatures(name: str, settings: SignatureSettings, cluster: ClusterRef, parent: pulumi.Resource) -> None:
    """Registers the policy of a cluster. It comes after Kyverno, whose webhooks refuse it while its pods are not there.

    No condition of it says that it is ready in the form that Pulumi waits for.
    """
    opts = pulumi.ResourceOptions(parent=parent, provider=cluster.provider, depends_on=[cluster.controllers[KYVERNO]])
    custom_resource(name, policy(settings), opts, awaited=False)
