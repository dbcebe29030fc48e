"""How AWS's refusals reach the user: the wire's text, the provider's around it, and Pulumi's around that.

Source: smithy-go and aws-sdk-go-v2 error types, terraform-provider-aws, pulumi-terraform-bridge; read 2026-11.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from simulator.aws import templates


@dataclass(frozen=True)
class Service:
    """An AWS service as the SDK calls it.

    modeled: whether its API model lists its errors; those the SDK shows without `api error` in front.
    """

    id: str
    modeled: bool = True


class AwsError(Exception):
    """One error answer of AWS.

    modeled: None for the service's habit. settles: the provider tries again for some minutes, since what is in the
    way usually goes by itself.
    """

    def __init__(
        self, code: str, message: str, status: int = 400, *, modeled: bool | None = None, settles: bool = False
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status
        self.modeled, self.settles = modeled, settles


class Refused(NamedTuple):
    """An answer of AWS as a template; {value} is the value that is refused."""

    code: str
    message: str
    status: int = 400
    modeled: bool | None = None

    def error(self, look: Callable[[str], Any], *, settles: bool = False) -> AwsError:
        """The error itself."""
        message = templates.fill(self.message, "", look)
        return AwsError(self.code, message, self.status, modeled=self.modeled, settles=settles)


class ProviderError(Exception):
    """What the provider itself refuses. whole: its text stands alone, without the prefix of the type."""

    def __init__(self, text: str, *, whole: bool = False) -> None:
        super().__init__(text)
        self.whole = whole


def wire(error: AwsError, service: Service, operation: str, seed: str) -> str:
    """The SDK's text of an error. seed: draws the request id."""
    request = uuid.uuid5(uuid.NAMESPACE_OID, f"{seed}|{error.code}")
    host = ", HostID: " if service.id == "S3" else ""
    modeled = service.modeled if error.modeled is None else error.modeled
    tail = f"{error.code}: {error.message}" if modeled else f"api error {error.code}: {error.message}"
    return (
        f"operation error {service.id}: {operation}, "
        f"https response error StatusCode: {error.status}, RequestID: {request}{host}, {tail}"
    )


def bridged(text: str, doing: str = "") -> str:
    """Pulumi's frame. doing: `updating URN` or `deleting URN`; a create that made nothing has none."""
    return f"{doing + ': ' if doing else ''}1 error occurred:\n\t* {text}\n\n"
