"""The caller of the simulated cloud: where it stands, and who it is."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

USER = "user/deployer"  # the caller of every run, until a provider assumes a role
ROLE_KEY = "assumeRoles"  # input of the AWS provider


class CallerError(ValueError):
    """The command line does not say where the caller stands; the text says why."""


@dataclass(frozen=True)
class Caller:
    """Where the caller stands, as AWS sees it. address: None for any host on the internet."""

    address: IPv4Address | None = None

    @classmethod
    def at(cls, text: str | None) -> Caller:
        """Reads an address from the command line. Raises CallerError for a text that is none."""
        try:
            return cls(IPv4Address(text) if text else None)
        except AddressValueError:
            raise CallerError(f"--from {text} is not an IPv4 address, for example 203.0.113.10") from None

    def __str__(self) -> str:
        return f"the caller at {self.address}" if self.address else "the caller, which is somewhere on the internet,"
