"""Placeholders of the stack file, which a rehearsal takes, and a real account does not."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from settings.stack.stack import StackSettings

EXAMPLE_ACCOUNT = "123456789012"
"""The account of AWS's own examples."""
DOCUMENTATION = tuple(map(IPv4Network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")))
"""Ranges of RFC 5737, which nobody has.

EKS refuses them: "The following CIDRs are not allowed in publicAccessCidrs: [203.0.113.0/24]", in public reports; read
2026-11. The simulator takes them, so that stack files with such a range can be rehearsed.
"""


def is_of_documentation(cidr: str) -> bool:
    return any(IPv4Network(cidr).subnet_of(one) for one in DOCUMENTATION)


def placeholders(settings: StackSettings) -> Iterator[str]:
    """Yields the settings that have one."""
    if settings.account_id == EXAMPLE_ACCOUNT:
        yield "account_id"
    roles = {
        "deployer.role_arn": settings.deployer.role_arn,
        "deployer.preview_role_arn": settings.deployer.preview_role_arn,
    }
    for key, cluster in settings.clusters.items():
        if any(map(is_of_documentation, cluster.endpoint.public_cidrs)):
            yield f"clusters.{key}.endpoint.public_cidrs"
        roles |= {f"clusters.{key}.access.{name}": entry.principal_arn for name, entry in cluster.access.items()}
    yield from (setting for setting, arn in roles.items() if arn and f":{EXAMPLE_ACCOUNT}:" in arn)


def placeholder_warning(settings: StackSettings) -> str | None:
    """Returns what to write before the stack is built in a real account; None where nothing is left."""
    found = list(placeholders(settings))
    return f"placeholders, which AWS refuses: {', '.join(found)}. Write your own before a real `up`." if found else None
