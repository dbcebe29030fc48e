"""What is billed by use: how much of it the estimate assumes, from a quiet month to a busy one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class Amount:
    """A monthly amount, quiet to busy."""

    low: float
    high: float


# GB that a bucket holds, by what it is for. A stack file may say better: expected_gib.
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
    }
)


@dataclass(frozen=True)
class Usage:
    """Monthly amounts, each for one resource. They are guesses until a bill replaces them: pass your own to `estimate`.

    nat_gib: data through one NAT gateway, mostly images and model weights.
    endpoint_gib: data through one interface endpoint.
    control_plane_log_gib: all five control-plane log types of one cluster; audit is most of it.
    log_group_gib: any other log group.
    bucket_gib: data held by one bucket at the end of the month, where nothing says what it is for.
    bucket_gib_by_purpose: the same, where its tag ml-platform:purpose does.
    bucket_writes_1k: requests to one bucket that write or list, in thousands; reads are left out, being far cheaper.
    bucket_new_share: how much of a bucket is new in a month, 1 for all of it.
    backup_gib: backups held by one vault at the end of the month.
    copied_gib: what is new in the backups of one plan, and goes to a second region.
    file_system_gib: data held by one EFS file system at the end of the month.
    file_system_read_gib, file_system_written_gib: data through one EFS file system of elastic throughput.
    kms_requests_10k: requests to one key, in tens of thousands, beyond the free ones of the account.
    queue_requests_1m: requests to one queue, in millions, beyond the free one of the account.
    load_balancer_units: capacity units (LCU or NLCU) in use on average.
    """

    nat_gib: Amount = Amount(50, 1000)
    endpoint_gib: Amount = Amount(5, 100)
    control_plane_log_gib: Amount = Amount(5, 50)
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
    kms_requests_10k: Amount = Amount(0, 20)
    queue_requests_1m: Amount = Amount(0, 1)
    load_balancer_units: Amount = Amount(0.1, 5)
