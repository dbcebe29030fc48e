"""external-dns: records in Route 53 for the hosts of Gateways, Ingresses and Services.

Each record has a second one that names its owner: who has the same owner deletes the other's records. A source whose
kind the cluster does not serve ends the process, and with it all records stay as they are; of the Gateway API only the
HTTPRoute and the GRPCRoute are served in a version that it asks for.
Sources: kubernetes-sigs/external-dns v0.21.0, source/, docs/tutorials/aws.md, chart 1.21.1; its issues 6520, 6749; read
2026-11.
"""

from collections.abc import Sequence

from components.core import iam
from components.core.addon_spec import AddOnContext, AddOnSpec, Identity
from components.core.flows import CONTROLLER, WITH_ROLE
from components.core.metrics import Scrape
from components.core.untyped import Values
from settings.cluster.addon_rules import needed_by_dns
from settings.cluster.fixed_values import FixedValue, never, only
from settings.ingress.ingress import DnsSettings

SOURCES = ("service", "ingress", "gateway-httproute", "gateway-grpcroute")


def _dns(context: AddOnContext) -> DnsSettings | None:
    return context.ingress.dns if context.ingress else None


def values(context: AddOnContext) -> Values:
    dns = _dns(context)
    zones, owners = (dns.zones, dns.owners) if dns else ({}, {})
    return {
        "provider": {"name": "aws"},
        "env": [{"name": "AWS_DEFAULT_REGION", "value": context.stage.region}],
        "sources": list(SOURCES),
        "registry": "txt",
        "txtOwnerId": owners.get(context.cluster, context.cluster_name),
        "policy": "sync",  # otherwise records stay of what is gone, and somebody else may have the address
        "domainFilters": sorted(set(zones.values())),
        "extraArgs": [f"--zone-id-filter={zone}" for zone in sorted(zones)],
        "triggerLoopOnEvent": True,
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
    }


def statements(context: AddOnContext) -> Sequence[iam.Statement]:
    dns, partition = _dns(context), context.stage.partition
    zones = [f"arn:{partition}:route53:::hostedzone/{zone}" for zone in sorted(dns.zones if dns else ())]
    if not zones:
        return []
    return [
        iam.allow(
            "ChangeRecords",
            ["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets", "route53:ListTagsForResources"],
            zones,
        ),
        iam.allow("FindZones", ["route53:ListHostedZones"], ["*"]),
    ]


def _is_served(sources: object) -> bool:
    return isinstance(sources, list) and set(sources) <= set(SOURCES)


ADD_ON = AddOnSpec(
    name="external-dns",
    pod_security="restricted",
    daemons=(),
    needed_by=needed_by_dns,
    instead="no `ingress.dns`",
    after=("aws-load-balancer-controller",),
    values=values,
    identities=(Identity(service_account="external-dns", statements=statements),),
    flows=lambda cluster: (*CONTROLLER, *WITH_ROLE),
    metrics=lambda cluster: (
        Scrape(job="external-dns", pods={"app.kubernetes.io/instance": "external-dns"}, port=7979),
    ),
    definitions=("gateway-api",),
    skip_crds=True,
    fixed=(
        FixedValue(path="txtOwnerId", keeps=never, why="The owner is set by `ingress.dns.owners`."),
        FixedValue(path="domainFilters", keeps=never, why="The domains are those of `ingress.dns.zones`."),
        FixedValue(path="extraArgs", keeps=never, why="They name the zones of `ingress.dns.zones`."),
        FixedValue(path="registry", keeps=only("txt"), why="Without it nobody knows whose a record is."),
        FixedValue(
            path="sources",
            keeps=_is_served,
            why=f"A source that the cluster does not serve ends the process; served are {', '.join(SOURCES)}.",
        ),
    ),
)
