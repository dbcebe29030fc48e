"""`alarms`: who hears of what is done in the clusters."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from settings.core.base import Settings
from settings.core.problems import listed, raise_if, repeated

_ADDRESS = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
AuditEvent = Literal["exec", "exec-by-pods", "secrets", "anonymous", "rights"]


def _addresses(addresses: tuple[str, ...]) -> tuple[str, ...]:
    mistakes = [
        f"{address!r} is no mail address, and SNS refuses it. Write for example security@example.com."
        for address in addresses
        if not _ADDRESS.fullmatch(address)
    ]
    if twice := repeated([address.casefold() for address in addresses]):
        mistakes.append(f"{listed(twice)} is named twice. Name each once.")
    raise_if(mistakes)
    return addresses


MailAddresses = Annotated[tuple[str, ...], AfterValidator(_addresses)]


def _named_once(events: tuple[AuditEvent, ...]) -> tuple[AuditEvent, ...]:
    if twice := repeated(events):
        raise ValueError(f"{listed(twice)} is named twice. Name each once.")
    return events


class AuditAlarmSettings(Settings):
    """Mails about what the audit logs of the clusters say. Each address has to confirm first, within two days."""

    notify: MailAddresses = Field(
        min_length=1, description="Addresses that get the mails.", examples=[["security@example.com"]]
    )
    about: Annotated[tuple[AuditEvent, ...], AfterValidator(_named_once)] = Field(
        default=("exec", "exec-by-pods", "secrets", "anonymous", "rights"),
        min_length=1,
        description=(
            "exec: a person enters a pod. exec-by-pods: a pod enters another. secrets: a person reads a Secret or gets "
            "a token. anonymous: the API answers somebody unknown. rights: a person changes roles, bindings or "
            "admission. A mail tells when it begins; the next comes after five minutes without."
        ),
    )


class AlarmSettings(Settings):
    """Alarms of the platform."""

    audit: AuditAlarmSettings | None = Field(
        default=None, description="About what people do in the clusters. Without it nobody is told."
    )
