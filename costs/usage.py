"""The use that an estimate assumes for what is billed by use, from a quiet month to a busy one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from types import MappingProxyType


@dataclass(frozen=True)
class Amount:
    """A monthly amount. low: of a quiet month. high: of a busy one."""

    low: float
    high: float


# GB in a bucket, by purpose. A stack file can set a better value: expected_gib.
BUCKET_GIB: Mapping[str, Amount] = MappingProxyType(
    {
        "datasets": Amount(100, 5000),
        "checkpoints": Amount(50, 2000),
        "models": Amount(50, 1000),
        "artifacts": Amount(10, 500),
        "scratch": Amount(10, 500),
        "shared": Amount(10, 500),
        "logs": Amount(1, 50),
        "backups": Amount(10, 1000),
        "container-logs": Amount(5, 500),  # of Loki, in production three times what comes in, compressed
        "traces": Amount(1, 100),
    }
)


@dataclass(frozen=True)
class Usage:
    """Monthly amounts, each for one resource. They are guesses: pass amounts from your bill to `estimate`.

    nat_gib: data through one NAT gateway, mostly images and model weights.
    endpoint_gib: data through one interface endpoint.
    transit_gateway_gib: data that a VPC sends to one transit gateway: answers of the API, notebooks, results.
    control_plane_log_gib: all five control-plane log types of one cluster; most of it is the audit log.
    container_log_gib: what the containers of one cluster, or of a namespace that is kept apart, write.
    log_group_gib: any other log group.
    bucket_gib: data in one bucket at the end of the month, when its purpose is not known.
    bucket_gib_by_purpose: the same by purpose, from the tag ml-platform:purpose.
    bucket_writes_1k: thousands of requests to one bucket that write or list; reads are far cheaper and not counted.
    bucket_new_share: the share of a bucket's data that is new each month; 1 is all of it.
    backup_gib: backups in one vault at the end of the month.
    copied_gib: new data in the backups of one plan that AWS copies to a second region.
    file_system_gib: data in one EFS file system at the end of the month.
    file_system_read_gib, file_system_written_gib: data read from and written to one EFS file system with elastic
        throughput.
    repository_gib: images in one repository of ECR: a training image has 10 GB and more, and its versions share layers.
    cached_gib: images that pulls bring in from one registry that ECR caches.
    kms_requests_10k: tens of thousands of requests to one key, beyond the free ones of the account.
    queue_requests_1m: millions of requests to one queue, beyond the free million of the account.
    load_balancer_units: capacity units (LCU or NLCU) in use on average. One of a load balancer for HTTP is 25 new
        connections a second, 3000 open ones, 1 GB an hour or 1000 rules a second: the largest of them counts
        (aws.amazon.com/elasticloadbalancing/pricing, read 2026-11).
    web_acl_requests_1m: millions of requests to one web ACL.
    workspace_samples_10m: tens of millions of samples to one workspace of Managed Prometheus; at most what its limit of
        series lets in.
    workspace_queried_1b: billions of samples that queries read from one workspace.
    """

    nat_gib: Amount = Amount(50, 1000)
    endpoint_gib: Amount = Amount(5, 100)
    transit_gateway_gib: Amount = Amount(5, 200)
    control_plane_log_gib: Amount = Amount(5, 50)
    container_log_gib: Amount = Amount(5, 200)
    log_group_gib: Amount = Amount(1, 20)
    bucket_gib: Amount = Amount(5, 200)
    bucket_gib_by_purpose: Mapping[str, Amount] = field(default_factory=lambda: BUCKET_GIB)
    bucket_writes_1k: Amount = Amount(1, 100)
    bucket_new_share: Amount = Amount(0.05, 0.5)
    backup_gib: Amount = Amount(50, 2000)
    copied_gib: Amount = Amount(10, 400)
    file_system_gib: Amount = Amount(10, 500)
    file_system_read_gib: Amount = Amount(10, 500)
    file_system_written_gib: Amount = Amount(5, 100)
    repository_gib: Amount = Amount(10, 200)
    cached_gib: Amount = Amount(5, 50)
    kms_requests_10k: Amount = Amount(0, 20)
    queue_requests_1m: Amount = Amount(0, 1)
    load_balancer_units: Amount = Amount(0.1, 5)
    web_acl_requests_1m: Amount = Amount(0.1, 20)
    workspace_samples_10m: Amount = Amount(5, inf)
    workspace_queried_1b: Amount = Amount(0.1, 50)
