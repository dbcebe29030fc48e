"""The caller of the simulated cloud: where it stands, and who it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

USER = "user/deployer"  # the caller, unless `--as` says another, until a provider assumes a role
ROLE_KEY = "assumeRoles"  # input of the AWS provider
CALLER_KEY = "__caller"  # beside the provider's inputs: the principal whose credentials it has
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]+")


class CallerError(ValueError):
    """The command line does not say where the caller stands, or who it is; the text says why."""


@dataclass(frozen=True)
class Caller:
    """Where the caller stands, as AWS sees it, and who it is.

    address: None for any host on the internet. principal: ARN of an IAM role or user; None for a user of the account.
    """

    address: IPv4Address | None = None
    principal: str | None = None

    @classmethod
    def at(cls, text: str | None, principal: str | None = None) -> Caller:
        """Reads an address and an ARN from the command line. Raises CallerError for a text that is neither."""
        if principal is not None and not _PRINCIPAL.fullmatch(principal):
            raise CallerError(
                f"--as {principal} is not the ARN of a role or user, for example "
                "arn:aws:iam::123456789012:role/ml-platform-deployer"
            )
        try:
            return cls(IPv4Address(text) if text else None, principal)
        except AddressValueError:
            raise CallerError(f"--from {text} is not an IPv4 address, for example 203.0.113.10") from None

    def __str__(self) -> str:
        return f"the caller at {self.address}" if self.address else "the caller, which is somewhere on the internet,"
