"""A setting that changes nothing is a bug: it promises something, and nobody keeps it."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from common.urns import type_of
from settings.compute.presets import with_presets
from settings.core.base import fields_by_key
from settings.stack.stack import StackSettings
from simulator.aws import paths
from simulator.aws.registry import kind_of
from tests.components.conftest import PlatformCloud
from tests.components.stacks import CLUSTER, POOL, stack
from tests.settings.observability.test_wrong_grafana import DOORS, SSO
from tests.settings.tenancy.test_wrong_signatures import CERTIFICATE, HOST, IMAGES, ISSUER, OTHER, PUBLIC

Built = dict[str, tuple[str, bool, tuple[str, ...], bool]]
"""URN -> inputs as text, whether the resource is protected, and paths of which it ignores changes."""

ARN = "arn:aws:iam::123456789012:role/admins"
ZONES = ["us-west-2a", "us-west-2b", "us-west-2c"]


def network(**changes: Any) -> dict[str, Any]:
    return {"network": {"zones": ZONES, **changes}}


def cluster(**changes: Any) -> dict[str, Any]:
    return {"clusters": {"main": {**CLUSTER, **changes}}}


def pool(**changes: Any) -> dict[str, Any]:
    return cluster(pools=[{**POOL, **changes}])


def gpu(**changes: Any) -> dict[str, Any]:
    """A pool of GPUs beside the one for everything else."""
    own = {"name": "gpu", "instance_types": ["g6.12xlarge"], "min_per_zone": 0, **changes}
    return cluster(pools=[POOL, own])


def karpenter(**changes: Any) -> dict[str, Any]:
    return gpu(provisioner="karpenter", **changes)


def disruption(**changes: Any) -> dict[str, Any]:
    return karpenter(disruption=changes)


def shared(**sharing: Any) -> dict[str, Any]:
    return gpu(instance_types=["p4de.24xlarge"], sharing=sharing)


def training(**changes: Any) -> dict[str, Any]:
    return gpu(**{"instance_types": ["p5.48xlarge"], "zones": ["us-west-2a"], **changes})


def reserved(**changes: Any) -> dict[str, Any]:
    reservation = {"id": "cr-0123456789abcdef0", "zone": "us-west-2a", **changes}
    return gpu(instance_types=["p5.48xlarge"], capacity_type="reserved", reservation=reservation)


def block(**changes: Any) -> dict[str, Any]:
    dates = {"starts": "2099-01-11T11:30:00Z", "ends": "2099-01-18T11:30:00Z"}
    return reserved(**{"kind": "capacity-block", **dates, **changes})


def off_peak(**changes: Any) -> dict[str, Any]:
    return gpu(off_peak={"begins": "20:00", "hours": 10, **changes})


def quotas(**changes: Any) -> dict[str, Any]:
    return {"quotas": {"request": True, **changes}}


def alerts(whose: str, **changes: Any) -> dict[str, Any]:
    """Alerts of the platform's people, or of a team."""
    heartbeat = changes.pop("heartbeat", False)
    receiver = {"mail": ["ml@example.com"], **changes}
    told = {whose: {"research": receiver} if whose == "teams" else receiver, "heartbeat": heartbeat}
    return {"teams": [{"name": "research", "namespaces": ["research"]}], "observability": {"alerts": told}}


def remote_write(**changes: Any) -> dict[str, Any]:
    return {"observability": {"metrics": {"remote_write": changes}}}


def cloud_alarms(**changes: Any) -> dict[str, Any]:
    disk = {
        "scratch": {"purpose": "scratch", "zone": "us-west-2a", "capacity_gib": 1200, "used_by": [{"namespace": "lab"}]}
    }
    told = {"alerts": {"platform": {"mail": ["ml@example.com"]}}, "cloud_alarms": changes}
    return {"observability": told, "storage": {"lustre": disk}}


def sso(**changes: Any) -> dict[str, Any]:
    return {"ingress": DOORS, "observability": {"grafana": {"sso": {**SSO, **changes}}}}


def member(**changes: Any) -> dict[str, Any]:
    return {"people": {"principal_arn": ARN, "role": "viewer", **changes}}


def in_set(name: str) -> dict[str, Any]:
    return {"people": {"permission_set": name, "role": "viewer"}}


def access(**changes: Any) -> dict[str, Any]:
    return cluster(access={"admins": {"principal_arn": ARN, **changes}})


def public(cidr: str) -> dict[str, Any]:
    return cluster(endpoint={"public": True, "public_cidrs": [cidr]})


def gateway(**changes: Any) -> dict[str, Any]:
    own = {"id": "tgw-0123456789abcdef0", "cidrs": ["10.200.0.0/16"], **changes}
    return network(transit_gateway=own)


def peering(**changes: Any) -> dict[str, Any]:
    return network(peering={"tools": {"id": "pcx-0123456789abcdef0", "cidrs": ["10.200.0.0/16"], **changes}})


def coredns(**changes: Any) -> dict[str, Any]:
    return cluster(managed_addons={"coredns": changes})


def cert_manager(**changes: Any) -> dict[str, Any]:
    return cluster(addons={"cert-manager": changes})


def io2(**changes: Any) -> dict[str, Any]:
    return cluster(storage_classes={"io2": True, **changes})


def bucket(used_by: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    user = {"namespace": "research", "service_account": "researcher", **(used_by or {})}
    own = {"purpose": "shared", "used_by": [user], **changes}
    return {"storage": {"buckets": {"data": own}}}


def lustre(used_by: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    user = {"namespace": "research", "mode": "write", **(used_by or {})}
    own = {"purpose": "scratch", "zone": "us-west-2a", "used_by": [user], **changes}
    return {"storage": {"lustre": {"fast": own}}}


def link(**changes: Any) -> dict[str, Any]:
    linked = lustre(links=[{"bucket": "data", "path": "/data", **changes}])["storage"]
    other = {"purpose": "models", "used_by": [{"namespace": "research", "service_account": "researcher"}]}
    return {"storage": {**linked, "buckets": {"data": bucket()["storage"]["buckets"]["data"], "other": other}}}


def file_system(used_by: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    users = [{"namespace": "data", "mode": "write"}, {"namespace": "research", **(used_by or {})}]
    if used_by and "cluster" in used_by:
        users = [{**user, "cluster": used_by["cluster"]} for user in users]
    return {"storage": {"file_systems": {"home": {"purpose": "shared", "used_by": users, **changes}}}}


def provisioned(mibps: int) -> dict[str, Any]:
    return file_system(throughput="provisioned", provisioned_mibps=mibps)


AGENTS = {"rpo_minutes": 60, "rto_minutes": 240}


def recovery(**changes: Any) -> dict[str, Any]:
    """Of a bucket that is backed up."""
    storage = bucket(tier="agents")["storage"]
    return {"storage": {**storage, "recovery": changes}}


def mesh(**changes: Any) -> dict[str, Any]:
    return {"mesh": changes}


TEAMS = [{"name": "serving", "namespaces": ["inference", "agents"]}]
CALLER = {"namespace": "agents", "service_account": "gateway"}
SPANS = {"collector": "spans.agents:4317", "namespace": "agents", "service_account": "spans"}


def meshed(**changes: Any) -> dict[str, Any]:
    return {"teams": TEAMS, **mesh(namespaces=["inference", "agents"], **changes)}


def called(**changes: Any) -> dict[str, Any]:
    """A Service of a meshed namespace, with a caller, and with a route that says how long it may take."""
    own = {"namespace": "inference", "service": "chat", "port": 80, "pods": {"app": "chat"}, "callers": [CALLER]}
    return meshed(services={"chat": {**own, "timeout_seconds": 60, **changes}})


def traced(**changes: Any) -> dict[str, Any]:
    return meshed(tracing={**SPANS, **changes})


ZONE, OTHER_ZONE = "Z0123456789ABCDEFGHIJ", "Z0123456789ABCDEFGHIK"
ISSUED = {"names": ["*.ml.example.com"], "zone_id": ZONE}
OTHERS = {
    "arn": {"arn": "arn:aws:acm:us-west-2:123456789012:certificate/12345678-1234-1234-1234-123456789012"},
    "names": {**ISSUED, "names": ["*.ml.example.com", "ml.example.com"]},
    "zone_id": {**ISSUED, "zone_id": OTHER_ZONE},
}


def ingress(**changes: Any) -> dict[str, Any]:
    return {"teams": TEAMS, "ingress": changes}


def door(key: str, **changes: Any) -> dict[str, Any]:
    return ingress(**{key: {"certificate": ISSUED, **changes}})


def route(**changes: Any) -> dict[str, Any]:
    own = {"namespace": "inference", "service": "chat", "port": 80, "pods": {"app": "chat"}, "host": "a.example.com"}
    open_door = {"certificate": {"names": ["*.example.com"], "zone_id": ZONE}}
    return ingress(internal=open_door, public=open_door, routes={"chat": {**own, **changes}})


def in_both(changes: dict[str, Any]) -> dict[str, Any]:
    teams = [{**TEAMS[0], "name": cluster, "cluster": cluster} for cluster in ("main", "other")]
    return {**changes, "teams": teams}


def dns(**changes: Any) -> dict[str, Any]:
    return ingress(dns={"zones": {ZONE: "example.com"}, **changes})


FUNCTION = "arn:aws:lambda:us-west-2:123456789012:function:rotate"


def rotating(**changes: Any) -> dict[str, Any]:
    return mesh(anchors=["first", "second"], **changes)


def team(**changes: Any) -> dict[str, Any]:
    return {"teams": [{"name": "lab", "namespaces": ["lab"], **changes}]}


def secret(**changes: Any) -> dict[str, Any]:
    return team(namespaces=["lab", "more"], secrets={"hub": {"keys": ["token"], **changes}})


def rotated(**changes: Any) -> dict[str, Any]:
    return secret(rotation={"function_arn": FUNCTION, "every_days": 30, **changes})


def stored(**changes: Any) -> dict[str, Any]:
    return {**secret(), "secrets": changes}


def vault(**changes: Any) -> dict[str, Any]:
    return stored(store="vault", vault={"address": "https://vault.example.com", **changes})


def kyverno(**changes: Any) -> dict[str, Any]:
    return admission(kyverno=changes)


def signed(**changes: Any) -> dict[str, Any]:
    signatures = {"images": [IMAGES], "keys": [PUBLIC], **changes}
    return admission(kyverno={}, signatures=signatures, registries=[HOST])


def signer(**changes: Any) -> dict[str, Any]:
    identity = {"issuer": ISSUER, "subject": "a", **changes}
    return signed(keys=[], identities=[{key: value for key, value in identity.items() if value is not None}])


def admission(**changes: Any) -> dict[str, Any]:
    return {**team(), "admission": changes}


def budget(**changes: Any) -> dict[str, Any]:
    given = {"monthly_usd": 100, "notify": ["ml@example.com"], **changes}
    return team(budget=given, secrets={"hub-token": {"keys": ["token"]}})


def repository(**changes: Any) -> dict[str, Any]:
    people = {"people": {"principal_arn": ARN, "role": "ml-engineer"}}
    return team(repositories=["trainer"], members=people, **changes)


def images(**changes: Any) -> dict[str, Any]:
    return {**repository(), "images": changes}


def cached(**changes: Any) -> dict[str, Any]:
    return {"images": {"cache": {"upstreams": ["k8s", "ghcr"], **changes}}}


def two_clusters(storage: dict[str, Any]) -> dict[str, Any]:
    return {**storage, "clusters": {"main": CLUSTER, "other": CLUSTER}}


OPEN = {"namespace": "lab", "pods": {"app": "chat"}, "ports": [8000], "callers": ["more"]}
NEAR = {"cidr": "10.200.0.0/16", "ports": [5432]}


def isolated(**network: Any) -> dict[str, Any]:
    """A team with a network of its own, beside another one, in a VPC with an endpoint and a transit gateway."""
    teams = [{"name": "lab", "namespaces": ["lab"], "network": network}]
    teams += [{"name": name, "namespaces": [name]} for name in ("more", "other")]
    return {"teams": teams, "isolation": {}, **gateway()}


def opened(**changes: Any) -> dict[str, Any]:
    own = {"name": "lab", "namespaces": ["lab", "annex"], "network": {"open": [{**OPEN, **changes}]}}
    return {**isolated(), "teams": [own, *isolated()["teams"][1:]]}


def near(**changes: Any) -> dict[str, Any]:
    return isolated(ranges=[{**NEAR, **changes}])


def guardduty(**changes: Any) -> dict[str, Any]:
    mails = {"alarms": {"audit": {"notify": ["a@example.com"]}}}
    return {**mails, "security": {"guardduty": {"detector": "make", **changes}}}


def program(**changes: Any) -> dict[str, Any]:
    own = {"namespace": "lab", "pods": {"app": "chat"}, "port": 8000, **changes}
    return {**team(namespaces=["lab", "more"], metrics={"chat": own}), "observability": {}}


def measured(**changes: Any) -> dict[str, Any]:
    return {"observability": changes}


def logs(**changes: Any) -> dict[str, Any]:
    return {"observability": {"logs": changes}}


DOMAIN = {"domain": "platform-logs", "host": "search-platform-logs-a.us-west-2.es.amazonaws.com"}


def opensearch(**changes: Any) -> dict[str, Any]:
    return logs(to="opensearch", opensearch={**DOMAIN, **changes})


def loki(**changes: Any) -> dict[str, Any]:
    return logs(to="loki", loki={"address": "https://logs.example.com", **changes})


def traces(**changes: Any) -> dict[str, Any]:
    return {"observability": {"traces": changes}}


def otlp(**changes: Any) -> dict[str, Any]:
    return traces(otlp={"address": "https://traces.example.com", **changes})


def kept_apart(**changes: Any) -> dict[str, Any]:
    return {**team(), **logs(namespaces={"lab": changes})}


def quota(**changes: Any) -> dict[str, Any]:
    return {**gpu(), **team(quota={"lab": changes})}


# The first decides what is refused, and where rehearsals run: test_way_in.py, test_rehearsal.py. The second shows only
# where there is a mesh: test_mesh.py. The others decide what is refused: test_wrong_quotas.py, test_policy_options.py.
NOT_BUILT = {"deployer.from", "clusters.pools.meshed", "teams.quota.oversubscribed", "policies"}

# Path of a setting -> what the stack file says otherwise; a pair where it has to say something in the first place.
CHANGES: dict[str, Any] = {
    "environment": {"environment": "staging"},
    "region": (network(zones=3), {"region": "us-east-1", **network(zones=3)}),
    "account_id": {"account_id": "210987654321"},
    "name": {"name": "other"},
    "owner": {"owner": "other-team"},
    "cost_center": {"cost_center": "other"},
    "tags": {"tags": {"team": "vision"}},
    "tag_keys": {"tag_keys": {"owner": "Owner"}},
    "foreign_tags": {"foreign_tags": ["scanner:"]},
    "deletion_protection": {"deletion_protection": False},
    "deployer.role_arn": {"deployer": {"role_arn": ARN}},
    "deployer.permissions_boundary_arn": {
        "deployer": {"permissions_boundary_arn": "arn:aws:iam::123456789012:policy/ml-platform-boundary"}
    },
    "deployer.preview_role_arn": (
        {"deployer": {"role_arn": ARN}},
        {"deployer": {"role_arn": ARN, "preview_role_arn": f"{ARN}-preview"}},
    ),
    "keys.deletion_window_days": {"keys": {"deletion_window_days": 7}},
    "keys.rotation_days": {"keys": {"rotation_days": 90}},
    "network.cidr": network(cidr="10.8.0.0/16"),
    "network.pod_cidr": network(pod_cidr="100.96.0.0/16"),
    "network.zones": network(zones=ZONES[:2]),
    "network.nat": network(nat="single"),
    "network.endpoints.gateway": network(endpoints={"gateway": ["s3", "dynamodb"]}),
    "network.endpoints.policies": network(endpoints={"policies": "own"}),
    "network.endpoints.accounts": tuple(
        network(endpoints={"policies": "own", "accounts": accounts}) for accounts in ([], ["210987654321"])
    ),
    "network.endpoints.buckets": tuple(
        network(endpoints={"policies": "own", "buckets": buckets}) for buckets in ([], ["open-data"])
    ),
    "network.endpoints.interface": network(endpoints={"interface": ["sts"]}),
    "network.flow_logs.destination": network(flow_logs={"destination": "cloudwatch"}),
    "network.flow_logs.retention_days": network(flow_logs={"retention_days": 30}),
    "network.flow_logs.aggregation_seconds": network(flow_logs={"aggregation_seconds": 60}),
    "network.transit_gateway.id": (gateway(), gateway(id="tgw-fedcba98765432100")),
    "network.transit_gateway.cidrs": (gateway(), gateway(cidrs=["10.201.0.0/16"])),
    "network.peering.id": (peering(), peering(id="pcx-fedcba98765432100")),
    "network.peering.cidrs": (peering(), peering(cidrs=["10.201.0.0/16"])),
    **{
        f"observability.alerts.{whose}.{key}": (alerts(whose), alerts(whose, **{key: value}))
        for whose in ("platform", "teams")
        for key, value in {
            "mail": ["other@example.com"],
            "slack": "#alerts",
            "webhook": True,
            "pagerduty": True,
        }.items()
    },
    "observability.alerts.heartbeat": (alerts("platform"), alerts("platform", heartbeat=True)),
    "observability.cloud_alarms.lustre_free_percent": (cloud_alarms(), cloud_alarms(lustre_free_percent=20)),
    "observability.cloud_alarms.monthly_usd": (cloud_alarms(), cloud_alarms(monthly_usd=20_000)),
    "observability.cloud_alarms.quota_percent": (cloud_alarms(), cloud_alarms(quota_percent=90)),
    "observability.clusters": (
        {**two_clusters({}), "observability": {}},
        {**two_clusters({}), **measured(clusters=["main"])},
    ),
    "observability.costs": (measured(), measured(costs=False)),
    **{
        f"observability.grafana.sso.{key}": (sso(), sso(**{key: value}))
        for key, value in {
            "client_id": "other",
            "auth_url": "https://other.example.com/a",
            "token_url": "https://other.example.com/t",
            "api_url": "https://other.example.com/u",
            "scopes": ["openid"],
            "groups_claim": "roles",
            "admins": ["admins"],
            "editors": ["editors"],
            "viewers": ["viewers"],
        }.items()
    },
    "observability.grafana.sso.ranges": (
        {**sso(), "isolation": {}},
        {**sso(ranges=["10.200.0.0/28"]), "isolation": {}},
    ),
    "observability.metrics.memory_gib": (measured(), measured(metrics={"memory_gib": 8})),
    "observability.metrics.remote_write.max_series": (remote_write(), remote_write(max_series=1000)),
    "observability.metrics.remote_write.metrics": (remote_write(), remote_write(metrics=["up"])),
    "observability.metrics.remote_write.other_metrics": (remote_write(), remote_write(other_metrics=["vllm:.*"])),
    "observability.metrics.remote_write.retention_days": (remote_write(), remote_write(retention_days=400)),
    "observability.metrics.replicas": (measured(), measured(metrics={"replicas": 1})),
    "observability.metrics.retention_days": (measured(), measured(metrics={"retention_days": 30})),
    "observability.metrics.volume_gib": (measured(), measured(metrics={"volume_gib": 200})),
    "observability.runbooks": (measured(), measured(runbooks="https://docs.example.com/alerts")),
    "observability.traces.drop_attributes": (traces(), traces(drop_attributes=["app.prompt"])),
    "observability.traces.gateways": (traces(), traces(gateways=3)),
    "observability.traces.memory_gib": (traces(), traces(memory_gib=3)),
    "observability.traces.mesh": ({**traces(), **meshed()}, {**traces(mesh=False), **meshed()}),
    "observability.traces.otlp.address": (otlp(), otlp(address="https://tempo.example.com")),
    "observability.traces.otlp.ranges": ({**otlp(), **isolated()}, {**otlp(ranges=["10.200.0.0/28"]), **isolated()}),
    "observability.traces.tempo.retention_days": (traces(tempo={}), traces(tempo={"retention_days": 90})),
    "observability.traces.sample_ratio": (traces(), traces(sample_ratio=0.5)),
    "observability.traces.slow_seconds": (traces(), traces(slow_seconds=1)),
    "observability.logs.to": (logs(), logs(to="opensearch", opensearch=DOMAIN)),
    "observability.logs.opensearch.domain": (opensearch(), opensearch(domain="others")),
    "observability.logs.opensearch.host": (opensearch(), opensearch(host="search-b.us-west-2.es.amazonaws.com")),
    "observability.logs.opensearch.index": (opensearch(), opensearch(index="lines")),
    "observability.logs.opensearch.ranges": (
        {**opensearch(), **isolated()},
        {**opensearch(ranges=["10.200.0.0/28"]), **isolated()},
    ),
    "observability.logs.loki.address": (loki(), loki(address="https://loki.example.com")),
    "observability.logs.loki.tenant": (loki(), loki(tenant="ml")),
    "observability.logs.loki.ranges": ({**loki(), **isolated()}, {**loki(ranges=["10.200.0.0/28"]), **isolated()}),
    "observability.logs.retention_days": (logs(), logs(retention_days=7)),
    "observability.logs.log_class": (logs(), logs(log_class="INFREQUENT_ACCESS")),
    "observability.logs.namespaces.retention_days": (kept_apart(), kept_apart(retention_days=7)),
    "observability.logs.namespaces.log_class": (kept_apart(), kept_apart(log_class="INFREQUENT_ACCESS")),
    "observability.logs.redact": (logs(), logs(redact=["EMP%-%d+"])),
    "observability.logs.drop_keys": (logs(), logs(drop_keys=["prompt"])),
    "observability.logs.buffer_gib": (logs(), logs(buffer_gib=5)),
    "quotas.request": quotas(),
    "quotas.vcpus": (quotas(), quotas(vcpus={"L-1216C47A": 100_000})),
    "clusters.version": cluster(version="1.36"),
    "clusters.endpoint.public": public("203.0.113.0/24"),
    "clusters.endpoint.public_cidrs": (public("203.0.113.0/24"), public("198.51.100.0/24")),
    "clusters.endpoint.private_cidrs": cluster(endpoint={"private_cidrs": ["10.0.0.0/16"]}),
    "clusters.endpoint.private_security_group_ids": cluster(
        endpoint={"private_security_group_ids": ["sg-0123456789abcdef0"]}
    ),
    "clusters.service_cidr": cluster(service_cidr="172.31.0.0/16"),
    "clusters.access.principal_arn": (access(), access(principal_arn=f"{ARN}2")),
    "clusters.access.policy": (access(), access(policy="edit")),
    "clusters.access.namespaces": (access(), access(namespaces=["team-a"])),
    "clusters.access.groups": (access(), access(groups=["platform:viewers"])),
    "clusters.logs.types": cluster(logs={"types": ["audit"]}),
    "clusters.logs.retention_days": cluster(logs={"retention_days": 30}),
    "clusters.control_plane_zones": cluster(control_plane_zones=["us-west-2b", "us-west-2a"]),
    "clusters.support_type": cluster(support_type="EXTENDED"),
    "clusters.managed_addons.version": coredns(version="v9.9.9-eksbuild.9"),
    "clusters.managed_addons.configuration": coredns(configuration={"replicaCount": 3}),
    "clusters.addons.enabled": cert_manager(enabled=False),
    "clusters.addons.values": cert_manager(values={"replicaCount": 7}),
    "clusters.storage_classes.gp3": cluster(storage_classes={"gp3": False}),
    "clusters.storage_classes.io2": io2(),
    "clusters.storage_classes.io2_iops": (io2(), io2(io2_iops=8000)),
    "clusters.storage_classes.snapshots": cluster(storage_classes={"snapshots": False}),
    "clusters.storage_classes.volume_scope": cluster(storage_classes={"volume_scope": "account"}),
    "clusters.pools.name": pool(name="other"),
    "clusters.pools.instance_types": pool(instance_types=["m5.2xlarge"]),
    "clusters.pools.capacity_type": pool(capacity_type="spot"),
    "clusters.pools.min_per_zone": pool(min_per_zone=2),
    "clusters.pools.max_per_zone": pool(max_per_zone=9),
    "clusters.pools.desired_per_zone": pool(desired_per_zone=3),
    "clusters.pools.scaling": pool(scaling="auto"),
    "clusters.pools.operating_system": pool(operating_system="bottlerocket"),
    "clusters.pools.disk.size_gib": pool(disk={"size_gib": 200}),
    "clusters.pools.disk.iops": pool(disk={"iops": 4000}),
    "clusters.pools.disk.throughput_mibps": pool(disk={"throughput_mibps": 250}),
    "clusters.pools.labels": pool(labels={"platform/workload-mlops": "true"}),
    "clusters.pools.taints.key": (pool(taints=[{"key": "a"}]), pool(taints=[{"key": "b"}])),
    "clusters.pools.taints.value": (pool(taints=[{"key": "a"}]), pool(taints=[{"key": "a", "value": "b"}])),
    "clusters.pools.taints.effect": (pool(taints=[{"key": "a"}]), pool(taints=[{"key": "a", "effect": "NoExecute"}])),
    "clusters.pools.zones": pool(zones=["us-west-2b"]),
    "clusters.pools.max_unavailable_percentage": pool(max_unavailable_percentage=10),
    "clusters.pools.node_repair": pool(node_repair=False),
    "clusters.pools.replacement": pool(replacement="delete-first"),
    "clusters.pools.image_release": pool(image_release="20261012"),
    "clusters.pools.preset": (gpu(), cluster(pools=[POOL, {"preset": "h100", "name": "gpu"}])),
    "clusters.pools.provisioner": (gpu(), karpenter()),
    "clusters.pools.fallback_capacity_types": (
        karpenter(capacity_type="spot"),
        karpenter(capacity_type="spot", fallback_capacity_types=["on-demand"]),
    ),
    "clusters.pools.max_gpus": (karpenter(), karpenter(max_gpus=8)),
    "clusters.pools.always_on": (gpu(), gpu(always_on=True)),
    "clusters.pools.local_nvme": (gpu(), gpu(local_nvme="raid0")),
    "clusters.pools.sharing.strategy": (
        shared(strategy="time-slicing", replicas=4),
        shared(strategy="mps", replicas=4),
    ),
    "clusters.pools.sharing.replicas": (
        shared(strategy="time-slicing", replicas=4),
        shared(strategy="time-slicing", replicas=2),
    ),
    "clusters.pools.sharing.profile": (
        shared(strategy="mig", profile="1g.10gb"),
        shared(strategy="mig", profile="2g.20gb"),
    ),
    "clusters.pools.sharing.layout": (
        shared(strategy="mig", layout={"3g.40gb": 2}),
        shared(strategy="mig", layout={"3g.40gb": 1}),
    ),
    "clusters.pools.efa": (training(), training(efa=True)),
    "clusters.pools.placement_group": (training(), training(placement_group=True)),
    "clusters.pools.reservation.id": (reserved(), reserved(id="cr-fedcba98765432100")),
    "clusters.pools.reservation.kind": (reserved(), block()),
    "clusters.pools.reservation.zone": (reserved(), reserved(zone="us-west-2b")),
    "clusters.pools.reservation.starts": (block(), block(starts="2099-01-12T11:30:00Z")),
    "clusters.pools.reservation.ends": (block(), block(ends="2099-01-19T11:30:00Z")),
    "clusters.pools.off_peak.begins": (off_peak(), off_peak(begins="21:00")),
    "clusters.pools.off_peak.hours": (off_peak(), off_peak(hours=8)),
    "clusters.pools.off_peak.weekends": (off_peak(), off_peak(weekends=False)),
    "clusters.pools.disruption.consolidate": (karpenter(), disruption(consolidate="when-empty")),
    "clusters.pools.disruption.consolidate_after_minutes": (karpenter(), disruption(consolidate_after_minutes=30)),
    "clusters.pools.disruption.expire_after_hours": (karpenter(), disruption(expire_after_hours=48)),
    "clusters.pools.disruption.drain_hours": (karpenter(), disruption(drain_hours=2)),
    "clusters.pools.disruption.max_unavailable_percentage": (
        karpenter(),
        disruption(max_unavailable_percentage=50),
    ),
    "clusters.gpu_allocation": (gpu(), {"clusters": {"main": {**gpu()["clusters"]["main"], "gpu_allocation": "dra"}}}),
    "storage.lustre.purpose": (lustre(), lustre(purpose="datasets")),
    "storage.lustre.tier": (lustre(), lustre(tier="agents")),
    "storage.lustre.used_by.namespace": (lustre(), lustre({"namespace": "serving"})),
    "storage.lustre.used_by.cluster": (
        two_clusters(lustre({"cluster": "main"})),
        two_clusters(lustre({"cluster": "other"})),
    ),
    "storage.lustre.used_by.mode": (lustre(root_squash=False), lustre({"mode": "read"}, root_squash=False)),
    "storage.lustre.zone": (lustre(), lustre(zone="us-west-2b")),
    "storage.lustre.deployment": (lustre(), lustre(deployment="scratch-2")),
    "storage.lustre.capacity_gib": (lustre(), lustre(capacity_gib=2400)),
    "storage.lustre.throughput_mibps_per_tib": (lustre(), lustre(throughput_mibps_per_tib=125)),
    "storage.lustre.compression": (lustre(), lustre(compression=False)),
    "storage.lustre.root_squash": (lustre(), lustre(root_squash=True)),
    "storage.lustre.efa": (lustre(capacity_gib=19200), lustre(capacity_gib=19200, efa=True)),
    "storage.lustre.links.bucket": (link(), link(bucket="other")),
    "storage.lustre.links.path": (link(), link(path="/images")),
    "storage.lustre.links.prefix": (link(), link(prefix="images/")),
    "storage.lustre.links.imports": (link(), link(imports=["NEW"])),
    "storage.lustre.links.exports": (link(), link(exports=["NEW"])),
    "storage.lustre.maintenance": (lustre(), lustre(maintenance="1:09:00")),
    "storage.lustre.backup_days": (lustre(), lustre(backup_days=7)),
    "storage.buckets.purpose": (bucket(), bucket(purpose="models")),
    "storage.buckets.tier": (bucket(), bucket(tier="agents")),
    "storage.buckets.used_by.namespace": (bucket(), bucket({"namespace": "serving"})),
    "storage.buckets.used_by.service_account": (bucket(), bucket({"service_account": "other"})),
    "storage.buckets.used_by.cluster": (
        two_clusters(bucket({"cluster": "main"})),
        two_clusters(bucket({"cluster": "other"})),
    ),
    "storage.buckets.used_by.mode": (bucket(), bucket({"mode": "write"})),
    "storage.buckets.expire_after_days": (bucket(), bucket(expire_after_days=90)),
    "storage.buckets.old_versions_days": (bucket(), bucket(old_versions_days=90)),
    "storage.buckets.intelligent_tiering": (bucket(), bucket(intelligent_tiering=True)),
    "storage.buckets.object_lock_days": (bucket(), bucket(object_lock_days=7)),
    "storage.buckets.replicate_to": (bucket(), bucket(replicate_to="us-east-2")),
    "storage.buckets.mount": (bucket(), bucket(mount=True)),
    "storage.buckets.expected_gib": (bucket(), bucket(expected_gib=1000)),
    "storage.buckets.monthly_growth_gib": (bucket(), bucket(monthly_growth_gib=100)),
    "storage.file_systems.purpose": (file_system(), file_system(purpose="datasets")),
    "storage.file_systems.tier": (file_system(), file_system(tier="agents")),
    "storage.file_systems.used_by.namespace": (file_system(), file_system({"namespace": "serving"})),
    "storage.file_systems.used_by.cluster": (
        two_clusters(file_system({"cluster": "main"})),
        two_clusters(file_system({"cluster": "other"})),
    ),
    "storage.file_systems.used_by.mode": (file_system(), file_system({"mode": "write"})),
    "security.guardduty.detector": (guardduty(), guardduty(detector="organization")),
    "security.guardduty.features": (guardduty(), guardduty(features=["runtime"])),
    "security.guardduty.mail_from_severity": tuple(guardduty(mail_from_severity=each) for each in (7, 9)),
    "alarms.audit.notify": tuple({"alarms": {"audit": {"notify": [f"{who}@example.com"]}}} for who in "ab"),
    "alarms.audit.about": (
        {"alarms": {"audit": {"notify": ["a@example.com"], "about": ["exec"]}}},
        {"alarms": {"audit": {"notify": ["a@example.com"], "about": ["rights"]}}},
    ),
    "storage.file_systems.access": (file_system(), file_system(access="network")),
    "storage.file_systems.throughput": (file_system(), provisioned(64)),
    "storage.file_systems.provisioned_mibps": (provisioned(64), provisioned(128)),
    "storage.file_systems.infrequent_after_days": (file_system(), file_system(infrequent_after_days=60)),
    "storage.file_systems.archive_after_days": (file_system(), file_system(archive_after_days=90)),
    "storage.file_systems.replicate_to": (file_system(), file_system(replicate_to="us-east-2")),
    "storage.file_systems.expected_gib": (file_system(), file_system(expected_gib=1000)),
    "storage.file_systems.monthly_growth_gib": (file_system(), file_system(monthly_growth_gib=100)),
    "storage.recovery.enabled": (recovery(), recovery(enabled=False)),
    "admission.mode": (team(), admission(mode="warn")),
    "admission.registries": (team(), admission(registries=["registry.example.com"])),
    "admission.digests": (team(), admission(digests=False)),
    "admission.labels": (team(), admission(labels=["owner"])),
    "admission.kyverno.namespaces_left_out": (kyverno(), kyverno(namespaces_left_out=["tools"])),
    "admission.kyverno.exceptions": (kyverno(), kyverno(exceptions=True)),
    "admission.signatures.images": (signed(), signed(images=[f"{HOST}/*"])),
    "admission.signatures.keys": (signed(), signed(keys=[OTHER])),
    "admission.signatures.mode": (signed(), signed(mode="deny")),
    "admission.signatures.certificates": (signed(), signed(certificates=[CERTIFICATE])),
    "admission.signatures.identities.issuer": (signer(), signer(issuer="https://example.com")),
    "admission.signatures.identities.subject": (signer(), signer(subject="b")),
    "admission.signatures.identities.subject_pattern": (signer(), signer(subject=None, subject_pattern="^b$")),
    "teams.name": (team(), team(name="other")),
    "teams.cluster": (two_clusters(team(cluster="main")), two_clusters(team(cluster="other"))),
    "teams.namespaces": (team(), team(namespaces=["lab", "more"])),
    "teams.priority": (team(), team(priority="agents")),
    "teams.pools": (quota(), {**quota(), **team(pools=["gpu"])}),
    **{
        f"teams.quota.{name}": (quota(), quota(**{name: value}))
        for name, value in {
            "gpus": {"gpu": 4},
            "cpu": 8,
            "memory_gib": 32,
            "storage_gib": 100,
            "objects": {"pods": 7},
        }.items()
    },
    "teams.secrets.namespaces": (secret(), secret(namespaces=["more"])),
    "teams.secrets.keys": (secret(), secret(keys=["token", "user"])),
    "teams.secrets.filled": (secret(), secret(filled="generated")),
    "teams.secrets.refresh_minutes": (secret(), secret(refresh_minutes=5)),
    "teams.secrets.rotation.function_arn": (rotated(), rotated(function_arn=f"{FUNCTION}-2")),
    "teams.secrets.rotation.every_days": (rotated(), rotated(every_days=7)),
    "secrets.store": (stored(), vault()),
    "secrets.recovery_days": (stored(), stored(recovery_days=7)),
    "secrets.vault.address": (vault(), vault(address="https://vault.example.com:8200")),
    "secrets.vault.mount": (vault(), vault(mount="kv")),
    "secrets.vault.auth_mount": (vault(), vault(auth_mount="eks")),
    "secrets.vault.ranges": (
        {**vault(), "isolation": {}},
        {**vault(ranges=["10.200.0.0/28"]), "isolation": {}},
    ),
    "secrets.vault.role_prefix": (vault(), vault(role_prefix="ml-")),
    "teams.members.role": (team(members=member()), team(members=member(role="ml-engineer"))),
    "teams.members.principal_arn": (team(members=member()), team(members=member(principal_arn=f"{ARN}2"))),
    "teams.members.permission_set": (team(members=in_set("Lab")), team(members=in_set("Other"))),
    "teams.repositories": (repository(), {**repository(), **team(repositories=["other"])}),
    "teams.pushers": (repository(), repository(pushers=[f"{ARN}2"])),
    "images.kms": (images(), images(kms=False)),
    "images.untagged_days": (images(), images(untagged_days=7)),
    "images.keep": (images(), images(keep=10)),
    "images.cache.upstreams": (cached(), cached(upstreams=["quay", "ghcr"])),
    "images.cache.filled": (cached(), cached(filled=["ghcr"])),
    "teams.service_accounts": (team(), team(service_accounts=["pipeline"])),
    "teams.budget.monthly_usd": (budget(), budget(monthly_usd=200)),
    "teams.budget.notify": (budget(), budget(notify=["others@example.com"])),
    "teams.budget.at_percent": (budget(), budget(at_percent=[50])),
    **{
        f"teams.metrics.{name}": (program(), program(**{name: value}))
        for name, value in {
            "namespace": "more",
            "pods": {"app": "other"},
            "port": 9000,
            "path": "/other",
            "every_seconds": 60,
            "samples": 100,
            "most_pods": 5,
        }.items()
    },
    "teams.network.internet": (isolated(), isolated(internet=False)),
    "teams.network.open.namespace": (opened(), opened(namespace="annex")),
    "teams.network.open.pods": (opened(), opened(pods={"app": "other"})),
    "teams.network.open.ports": (opened(), opened(ports=[8080])),
    "teams.network.open.callers": (opened(), opened(callers=["other"])),
    "teams.network.ranges.cidr": (near(), near(cidr="10.200.8.0/24")),
    "teams.network.ranges.ports": (near(), near(ports=[5433])),
    "isolation.clusters": (
        two_clusters(in_both({"isolation": {}})),
        two_clusters(in_both({"isolation": {"clusters": ["other"]}})),
    ),
    "isolation.mode": (isolated(), {**isolated(), "isolation": {"mode": "strict"}}),
    "ingress.clusters": (two_clusters(in_both(ingress())), two_clusters(in_both(ingress(clusters=["other"])))),
    **{
        f"ingress.{key}.{name}": (door(key), door(key, **{name: value}))
        for key in ("internal", "public")
        for name, value in {
            "namespaces": ["inference"],
            "idle_timeout_seconds": 60,
            "tls_policy": "ELBSecurityPolicy-TLS13-1-3-2021-06",
            "source_ranges": ["203.0.113.0/24"],
            "deletion_protection": False,
        }.items()
    },
    **{
        f"ingress.{key}.certificate.{name}": (door(key), door(key, certificate=other))
        for key in ("internal", "public")
        for name, other in OTHERS.items()
    },
    "ingress.internal.access_logs": (door("internal"), door("internal", access_logs=True)),
    "ingress.public.waf.requests_per_five_minutes": (
        door("public"),
        door("public", waf={"requests_per_five_minutes": 100}),
    ),
    "ingress.public.waf.judge_bodies": (door("public"), door("public", waf={"judge_bodies": True})),
    "ingress.routes.namespace": (route(), route(namespace="agents")),
    "ingress.routes.service": (route(), route(service="other")),
    "ingress.routes.port": (route(), route(port=81)),
    # What the mesh needs to know: which pods the load balancer may call.
    "ingress.routes.pods": ({**meshed(), **route()}, {**meshed(), **route(pods={"app": "other"})}),
    "ingress.routes.pod_port": ({**meshed(), **route()}, {**meshed(), **route(pod_port=8080)}),
    "ingress.routes.cluster": (two_clusters(in_both(route())), two_clusters(in_both(route(cluster="other")))),
    "ingress.routes.door": (route(), route(door="public")),
    "ingress.routes.host": (route(), route(host="b.example.com")),
    "ingress.routes.paths": (route(), route(paths=["/v1"])),
    "ingress.routes.protocol": (route(), route(protocol="grpc")),
    "ingress.routes.health_path": (route(), route(health_path="/healthy")),
    "ingress.access_log_days": (door("public"), ingress(public={"certificate": ISSUED}, access_log_days=30)),
    "ingress.dns.zones": (dns(), dns(zones={OTHER_ZONE: "example.org"})),
    "ingress.dns.owners": (dns(), dns(owners={"main": "earlier"})),
    "mesh.clusters": (two_clusters(mesh()), two_clusters(mesh(clusters=["other"]))),
    "mesh.namespaces": ({**file_system(), **mesh()}, {**file_system(), **mesh(namespaces=["research"])}),
    "mesh.inbound": (mesh(), mesh(inbound="deny")),
    "mesh.high_availability": (mesh(), mesh(high_availability=False)),
    "mesh.anchors": (mesh(), rotating()),
    "mesh.issuing_anchor": (rotating(), rotating(issuing_anchor="second")),
    "mesh.viz": (mesh(), mesh(viz=True)),
    "mesh.services.namespace": (called(), called(namespace="agents")),
    "mesh.services.service": (called(), called(service="other")),
    "mesh.services.port": (called(), called(port=81)),
    "mesh.services.pods": (called(), called(pods={"app": "other"})),
    "mesh.services.pod_port": (called(), called(pod_port=8080)),
    "mesh.services.callers.namespace": (called(), called(callers=[{**CALLER, "namespace": "inference"}])),
    "mesh.services.callers.service_account": (called(), called(callers=[{**CALLER, "service_account": "other"}])),
    "mesh.services.inbound": (called(), called(inbound="deny")),
    "mesh.services.protocol": (called(), called(protocol="grpc")),
    "mesh.services.timeout_seconds": (called(), called(timeout_seconds=600)),
    "mesh.services.retries": (called(), called(retries=2)),
    "mesh.opaque_ports": (mesh(), mesh(opaque_ports=[27017])),
    "mesh.tracing.collector": (traced(), traced(collector="other.agents:4317")),
    "mesh.tracing.namespace": (traced(), traced(namespace="inference")),
    "mesh.tracing.service_account": (traced(), traced(service_account="other")),
    "storage.recovery.copy_to": (recovery(), recovery(copy_to="us-east-2")),
    "storage.recovery.lock_days": (recovery(), recovery(lock_days=14)),
    "storage.recovery.clusters": (recovery(), recovery(clusters=False)),
    "storage.recovery.targets.rpo_minutes": (recovery(), recovery(targets={"agents": {**AGENTS, "rpo_minutes": 1440}})),
    "storage.recovery.targets.rto_minutes": (recovery(), recovery(targets={"agents": {**AGENTS, "rto_minutes": 480}})),
}


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def leaves(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """Every setting there is, by its path without the names and numbers of entries."""
    for name, field in fields_by_key(model).items():
        inner = next(models_in(field.annotation), None)
        if inner is None:
            yield f"{path}{name}"
        else:
            yield from leaves(inner, f"{path}{name}.")


CLUSTER_TYPE = "aws:eks/cluster:Cluster"
REFUSED_ON_A_LIVE_STACK = {"name", "environment", "region", "account_id", "network.cidr", "clusters.service_cidr"}


def replaced_clusters(before: Built, after: Built) -> list[str]:
    """The inputs that replace a cluster which is in the stack file before and after."""
    found = []
    for urn in before.keys() & after.keys():
        if type_of(urn) == CLUSTER_TYPE:
            old, new = (json.loads(each[urn][0]) for each in (before, after))
            counting = [path for path in kind_of(CLUSTER_TYPE).replacing if path not in after[urn][2]]
            found += [path for path in counting if paths.get(old, path) != paths.get(new, path)]
    return found


def snapshot(cloud: PlatformCloud, path: str, changes: dict[str, Any]) -> Built:
    """What the program asks for: all of it, or the part that the setting is about, to save time."""
    settings = stack(**with_presets(changes))
    part = path.split(".")[0]
    {"network": cloud.up_network, "clusters": cloud.up_cluster}.get(part, cloud.up)(settings)
    return {
        urn: (r.inputs_as_text(), r.protect, r.ignore_changes, r.delete_before_replace)
        for urn, r in cloud.registered.items()
    }


@cache
def built_once(part: str, changes: str) -> Built:
    """For stacks that many settings are compared with; changes: as JSON."""
    return snapshot(PlatformCloud(), part, json.loads(changes))


def built_before(path: str, changes: dict[str, Any]) -> Built:
    return built_once(path.split(".")[0], json.dumps(changes))


def test_no_setting_is_forgotten_here():
    assert set(CHANGES) | NOT_BUILT == set(leaves(StackSettings)), "each setting shows here that it changes something"


@pytest.mark.parametrize("path", CHANGES)
def test_changing_a_setting_changes_what_is_built(cloud, path):
    change = CHANGES[path]
    settings = change if isinstance(change, tuple) else ({}, change)
    before, after = built_before(path, settings[0]), snapshot(cloud, path, settings[1])
    assert after != before, f"{path} promises something, and nobody keeps it"
    replaced = replaced_clusters(before, after)
    assert not replaced or path in REFUSED_ON_A_LIVE_STACK, (
        f"{path} replaces a cluster, which the engine cannot do: {replaced}"
    )


ON_KARPENTER: dict[str, Any] = {
    "capacity_type": {"capacity_type": "spot"},
    "disk": {"disk": {"size_gib": 200}},
    "instance_types": {"instance_types": ["g6.12xlarge", "g6.24xlarge"]},
    "labels": {"labels": {"team": "vision"}},
    "local_nvme": {"local_nvme": "raid0"},
    "max_per_zone": {"max_per_zone": 9},
    "name": {"name": "other"},
    "node_repair": {"node_repair": False},
    "off_peak": {"off_peak": {"begins": "20:00", "hours": 10}},
    "operating_system": {"operating_system": "bottlerocket"},
    "taints": {"taints": [{"key": "gpu"}]},
    "zones": {"zones": ["us-west-2b"]},
}


@pytest.mark.parametrize("name", ON_KARPENTER)
def test_what_both_kinds_of_pools_have_changes_those_of_karpenter_too(cloud, name):
    path = f"clusters.pools.{name}"
    after = snapshot(cloud, path, karpenter(**ON_KARPENTER[name]))
    assert after != built_before(path, karpenter()), f"{path} promises something, and nobody keeps it"
