"""The operation context that rules check: one operation on one resource, and the cloud around it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from catalog.regions import REGIONS, Region
from simulator.aws import paths, templates, tokens
from simulator.aws.messages import AwsError, ErrorTemplate
from simulator.caller import CALLER_KEY, ROLE_KEY, USER
from simulator.cloud import Cloud, CloudResource
from simulator.faults import Faults
from simulator.provider import Call, Refusal
from simulator.values import Props, has_unknown

TAGS = {"tags", "tagsAll"}
ACCOUNT = "123456789012"  # AWS's own example account

_NO_REGION = (
    'missing required configuration key "aws:region": The region where AWS operations will take place. Examples are '
    "`us-east-1`, `us-west-2`, etc. Set a value using the command `pulumi config set aws:region <value>`."
)


class UnknownValueError(Exception):
    """A rule needs a value that is not known yet."""


@lru_cache(maxsize=256)
def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def setting(config: Mapping[str, Any], key: str) -> Any:
    """Returns a value of the provider's configuration. The engine sends lists and objects as JSON texts."""
    value = config.get(key)
    return _parsed(value) if isinstance(value, str) and value[:1] in ("{", "[") else value


def account_of(config: Mapping[str, Any]) -> str:
    """Returns the account of the credentials: the first one that the provider allows, or that of the caller."""
    allowed = setting(config, "allowedAccountIds")
    if isinstance(allowed, list) and allowed:
        return str(allowed[0])
    return str(config[CALLER_KEY]).split(":")[4] if config.get(CALLER_KEY) else ACCOUNT


def principal_of(config: Mapping[str, Any], partition: str) -> str:
    """Returns the ARN of the role that the provider assumes, the last of a chain, or that of the caller."""
    roles = setting(config, ROLE_KEY) or [{}]
    caller = config.get(CALLER_KEY) or f"arn:{partition}:iam::{account_of(config)}:{USER}"
    return str(roles[-1].get("roleArn") or caller)


def region_of(config: Mapping[str, Any], region_of_resource: Any = None) -> str:
    """Returns the region of a resource or function call. Raises Refusal when neither it nor the provider has one."""
    region = region_of_resource or config.get("region")
    if not region:
        raise Refusal(_NO_REGION)
    if region not in REGIONS:
        raise Refusal(f"invalid AWS Region: {region}")
    return str(region)


def account_limit(cloud: Cloud, quotas: Mapping[str, int], code: str, region: str) -> int | None:
    """Returns the account's value of a quota, from the command line or a granted request; None if there is neither."""
    if code in quotas:
        return quotas[code]
    rows = (row.state for row in cloud.of_type(tokens.SERVICE_QUOTA))
    return next((int(row["value"]) for row in rows if (row["quotaCode"], row["region"]) == (code, region)), None)


class OperationContext:
    """One create, update or delete of one resource.

    inputs: the requested inputs; checked: the same with the provider's lists of defaults. state: the new state;
    before: the old state; old_inputs: what the last update asked for. arn: template of the ARN.
    quotas: code -> value in the account, from the command line.
    updates: (type, id) -> state after the update that the same preview shows. creates: type -> URN -> inputs of what it
    would make. replaced: the id that the resource of a create has so far, under this URN or an earlier one.
    references: path -> type of what an input refers to.
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
        self.updates: Mapping[tuple[str, str], Props] = {}
        self.creates: Mapping[str, Mapping[str, Props]] = {}
        self.checked = inputs
        self.references: Mapping[str, str] = {}
        self.id = ""
        self.replaced = ""
        self.state: Props = {}
        self.before: Props = {}
        self.old_inputs: Props = {}
        self._arn = arn
        self.region = region_of(call.config, inputs.get("region"))
        self.account = account_of(call.config)

    @property
    def region_facts(self) -> Region:
        """The region, with its zones."""
        return REGIONS[self.region]

    def get(self, path: str, default: Any = None) -> Any:
        """Returns the input at a path. Raises UnknownValueError when it, or anything inside it, is not known."""
        value = paths.get(self.inputs, path)
        if has_unknown(value):
            raise UnknownValueError
        return default if value is None else value

    def lookup(self, name: str) -> Any:
        """Returns the value of a field of a template."""
        if name == "id":
            return self.id
        if name == "region":
            return self.region
        if name == "account":
            return self.account
        if name == "partition":
            return self.region_facts.partition
        if name == "arn" and self._arn:
            return self.fill(self._arn)
        value = paths.get(self.inputs, name)
        if value is None:
            value = paths.get(self.state, name)
        if has_unknown(value):
            raise UnknownValueError
        return value

    def fill(self, template: str, seed: str | None = None) -> str:
        """Returns the template, filled in from this operation."""
        return templates.fill(template, self.seed if seed is None else seed, self.lookup)

    @property
    def seed(self) -> str:
        """The seed of random values: another one when a resource with this id was deleted before."""
        times = self.cloud.times_gone(self.type, self.id)
        return f"{self.type}|{self.call.urn}|{self.id}{f'|{times}' if times else ''}"

    def rows(self, type_: str) -> Iterator[CloudResource]:
        """Yields all live resources of a type in this region, oldest first."""
        for row in self.cloud.of_type(type_):
            if self.is_near(row):
                yield row

    def is_near(self, row: CloudResource) -> bool:
        """Returns whether a resource is in this region or, like IAM's, in none."""
        return row.region in ("", self.region)

    def others(self) -> Iterator[CloudResource]:
        """Yields the other live resources of this type.

        At a preview, the resource that a replacement will delete first still exists, and does not count.
        """
        for row in self.rows(self.type):
            if row.id != self.id and not (self.call.preview and (row.urn == self.call.urn or row.id == self.replaced)):
                yield row

    def planned_creates(self, type_: str) -> list[Props]:
        """Returns the inputs of what the same preview would make of a type; nothing when this is no preview."""
        return list(self.creates.get(type_, {}).values()) if self.call.preview else []

    def planned(self, type_: str, id_: str) -> CloudResource | None:
        """Returns a live resource by its id; at a preview, as it will be after the update that the preview shows."""
        row = self.cloud.get(type_, id_, self.region)
        if row is None or not self.call.preview:
            return row
        return replace(row, state={**row.state, **self.updates.get((type_, id_), {})})

    def find(self, type_: str, by: str, value: Any) -> CloudResource | None:
        """Returns the live resource of a type whose id or other output has the value. An ARN may be of any region."""
        if by == "id":
            return self.cloud.get(type_, str(value), self.region)
        rows = self.cloud.of_type(type_) if str(value).startswith("arn:") else self.rows(type_)
        return next((row for row in rows if row.state.get(by) == value), None)

    def resources_with(self, type_: str, path: str, value: Any, *, everywhere: bool = False) -> Iterator[CloudResource]:
        """Yields the live resources of a type in this region, or everywhere, that have the value at a path."""
        for row in self.cloud.of_type(type_) if everywhere else self.rows(type_):
            if any(present == value for _, present in paths.find(row.state, path)):
                yield row

    def error(self, template: ErrorTemplate, value: Any = None, *, retried: bool = False) -> AwsError:
        """Returns the error of a template, ready to be raised."""
        return template.error(lambda name: value if name == "value" else self.lookup(name), retried=retried)

    def limit(self, code: str, default: int) -> int:
        """Returns the account's value of a quota; the default of a new account when there is no other value."""
        value = account_limit(self.cloud, self.quotas, code, self.region)
        return default if value is None else value


def is_companion(row: CloudResource) -> bool:
    """Returns whether AWS created the resource together with another one, and deletes it with that one."""
    return "__owner" in row.state


def public_state(state: Props, config: Mapping[str, Any] = MappingProxyType({})) -> Props:
    """Returns a state as the provider shows it: without the simulator's own keys, and without tags that it ignores."""
    shown = {key: value for key, value in state.items() if not key.startswith("__")}
    for key in TAGS & shown.keys():
        if foreign := foreign_tags(shown[key], config):
            shown[key] = {tag: value for tag, value in shown[key].items() if tag not in foreign}
    return shown


def foreign_tags(tags: Any, config: Mapping[str, Any]) -> Props:
    """Returns the tags that a provider with this configuration neither shows nor changes."""
    ignored = setting(config, "ignoreTags")
    if not isinstance(ignored, Mapping) or not isinstance(tags, Mapping):
        return {}
    prefixes, keys = tuple(ignored.get("keyPrefixes") or ()), ignored.get("keys") or ()
    return {tag: value for tag, value in tags.items() if tag in keys or (prefixes and tag.startswith(prefixes))}
