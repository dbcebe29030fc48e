"""The texts of AWS's errors as users see them: AWS's message, inside the provider's text, inside Pulumi's text.

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
    """An AWS service, by the SDK's name for it.

    modeled: True when its API model lists its errors; the SDK shows such errors without `api error` in front.
    """

    id: str
    modeled: bool = True


class AwsError(Exception):
    """One error response of AWS.

    modeled: None when the error is like the others of its service. retried: True when the provider retries for some
    minutes, since the cause usually goes away by itself.
    """

    def __init__(
        self, code: str, message: str, status: int = 400, *, modeled: bool | None = None, retried: bool = False
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status
        self.modeled, self.retried = modeled, retried


class ErrorTemplate(NamedTuple):
    """The template of an error response of AWS; {value} stands for the refused value."""

    code: str
    message: str
    status: int = 400
    modeled: bool | None = None

    def error(self, lookup: Callable[[str], Any], *, retried: bool = False) -> AwsError:
        """Returns the error."""
        message = templates.fill(self.message, "", lookup)
        return AwsError(self.code, message, self.status, modeled=self.modeled, retried=retried)


class ProviderError(Exception):
    """An error of the provider itself. whole: True when its text gets no prefix with the type.

    retried: True when the provider waits for the cause to go away.
    """

    def __init__(self, text: str, *, whole: bool = False, retried: bool = False) -> None:
        super().__init__(text)
        self.whole, self.retried = whole, retried


def sdk_text(error: AwsError, service: Service, operation: str, seed: str) -> str:
    """Returns the SDK's text of an error. seed: the request id is derived from it."""
    request = uuid.uuid5(uuid.NAMESPACE_OID, f"{seed}|{error.code}")
    host = ", HostID: " if service.id == "S3" else ""
    modeled = service.modeled if error.modeled is None else error.modeled
    tail = f"{error.code}: {error.message}" if modeled else f"api error {error.code}: {error.message}"
    return (
        f"operation error {service.id}: {operation}, "
        f"https response error StatusCode: {error.status}, RequestID: {request}{host}, {tail}"
    )


def pulumi_text(text: str, doing: str = "") -> str:
    """Returns the text with Pulumi's text around it. doing: `updating URN` or `deleting URN`; empty for a create."""
    return f"{doing + ': ' if doing else ''}1 error occurred:\n\t* {text}\n\n"
