"""What a rule looks at: one operation on one resource, and the cloud around it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from catalog.regions import REGIONS, Region
from simulator.aws import paths, templates, tokens
from simulator.aws.messages import AwsError, Refused
from simulator.cloud import Cloud, CloudResource
from simulator.faults import Faults
from simulator.provider import Call, Refusal
from simulator.values import Props, has_unknown

ACCOUNT = "123456789012"  # AWS's own example account

_NO_REGION = (
    'missing required configuration key "aws:region": The region where AWS operations will take place. Examples are '
    "`us-east-1`, `us-west-2`, etc. Set a value using the command `pulumi config set aws:region <value>`."
)


class NotKnown(Exception):
    """A rule asked for a value that nobody knows yet."""


@lru_cache(maxsize=256)
def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def setting(config: Mapping[str, Any], key: str) -> Any:
    """A value of the provider's configuration. Lists and objects travel as JSON texts."""
    value = config.get(key)
    return _parsed(value) if isinstance(value, str) and value[:1] in ("{", "[") else value


def account_of(config: Mapping[str, Any]) -> str:
    """The account behind the credentials: the first one that the provider allows."""
    allowed = setting(config, "allowedAccountIds")
    return str(allowed[0]) if isinstance(allowed, list) and allowed else ACCOUNT


def region_of(config: Mapping[str, Any], given: Any = None) -> str:
    """The region of a resource or a function call. Raises Refusal when neither it nor the provider names one."""
    region = given or config.get("region")
    if not region:
        raise Refusal(_NO_REGION)
    if region not in REGIONS:
        raise Refusal(f"invalid AWS Region: {region}")
    return str(region)


def limit_of(cloud: Cloud, quotas: Mapping[str, int], code: str, region: str) -> int | None:
    """What the account has of a quota: as it was told, or as a request raised it; None when neither is so."""
    if code in quotas:
        return quotas[code]
    rows = (row.state for row in cloud.of_type(tokens.SERVICE_QUOTA))
    return next((int(row["value"]) for row in rows if (row["quotaCode"], row["region"]) == (code, region)), None)


class OperationContext:
    """One create, update or delete of one resource.

    inputs: what is asked for; checked: the same, with the provider's notes on defaults. state: what the resource is,
    or will be; before: what it was. arn: template of its ARN. quotas: code -> what the account has of it, as far as the
    command line says.
    """

    def __init__(
        self,
        cloud: Cloud,
        faults: Faults,
        call: Call,
        inputs: Props,
        arn: str = "",
        quotas: Mapping[str, int] | None = None,
    ) -> None:
        self.cloud, self.faults, self.call, self.inputs = cloud, faults, call, inputs
        self.type = call.type
        self.quotas = quotas or {}
        self.checked = inputs
        self.id = ""
        self.state: Props = {}
        self.before: Props = {}
        self._arn = arn
        self.region = region_of(call.config, inputs.get("region"))
        self.account = account_of(call.config)

    @property
    def place(self) -> Region:
        """The region, with its zones."""
        return REGIONS[self.region]

    def get(self, path: str, default: Any = None) -> Any:
        """The input at a path. Raises NotKnown where it, or something inside it, is not known."""
        value = paths.get(self.inputs, path)
        if has_unknown(value):
            raise NotKnown
        return default if value is None else value

    def look(self, name: str) -> Any:
        """The value of a field of a template."""
        if name == "id":
            return self.id
        if name == "region":
            return self.region
        if name == "account":
            return self.account
        if name == "partition":
            return self.place.partition
        if name == "arn" and self._arn:
            return self.fill(self._arn)
        value = paths.get(self.inputs, name)
        if value is None:
            value = paths.get(self.state, name)
        if has_unknown(value):
            raise NotKnown
        return value

    def fill(self, template: str, seed: str | None = None) -> str:
        """A template, filled from this operation."""
        return templates.fill(template, f"{self.type}|{self.call.urn}|{self.id}" if seed is None else seed, self.look)

    def rows(self, type_: str) -> Iterator[CloudResource]:
        """All live resources of a type in this region, oldest first."""
        for row in self.cloud.of_type(type_):
            if row.state.get("region", self.region) == self.region:
                yield row

    def others(self) -> Iterator[CloudResource]:
        """The live resources of this type but the one in question.

        At a preview the one that a replacement is going to delete first is still there, and does not count.
        """
        for row in self.rows(self.type):
            if row.id != self.id and not (self.call.preview and row.urn == self.call.urn):
                yield row

    def find(self, type_: str, by: str, value: Any) -> CloudResource | None:
        """The live resource of a type whose id or other output has the value."""
        if by == "id":
            return self.cloud.get(type_, str(value))
        return next((row for row in self.cloud.of_type(type_) if row.state.get(by) == value), None)

    def naming(self, type_: str, path: str, value: Any) -> Iterator[CloudResource]:
        """The live resources of a type that name the value at a path."""
        for row in self.cloud.of_type(type_):
            if any(found == value for _, found in paths.find(row.state, path)):
                yield row

    def refuse(self, refused: Refused, value: Any = None, *, settles: bool = False) -> AwsError:
        """The error that a template stands for, to be raised."""
        return refused.error(lambda name: value if name == "value" else self.look(name), settles=settles)

    def limit(self, code: str, default: int) -> int:
        """What the account has of a quota; the default of a new account, when nobody said or asked for anything."""
        found = limit_of(self.cloud, self.quotas, code, self.region)
        return default if found is None else found


def owned(row: CloudResource) -> bool:
    """Whether the resource came into being with another one, and goes with it."""
    return "__owner" in row.state


def public(state: Props) -> Props:
    """A state as the provider shows it, without the cloud's own notes."""
    return {key: value for key, value in state.items() if not key.startswith("__")}
