"""Refusals that several services have: one row each, or what an input must have in common with another resource.

Wordings are unverified where a row does not say otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.aws import paths, tokens
from simulator.aws.messages import AwsError, ErrorTemplate, ProviderError
from simulator.aws.model import Rule
from simulator.aws.operation_context import OperationContext
from simulator.aws.paths import display
from simulator.values import UNKNOWN


def refuse(code: str, message: str, wrong: Callable[[OperationContext], Any]) -> Rule:
    """Returns the rule that refuses what `wrong` finds, with AWS's code."""

    def rule(op: OperationContext) -> None:
        if wrong(op):
            raise op.error(ErrorTemplate(code, message))

    return rule


def combinations(code: str, *rows: str) -> Rule:
    """Returns the rule on inputs that go together, or do not. code: AWS's; "" for an error of the provider itself.

    Rows: `ipFamily=ipv6: no serviceIpv4Cidr podCidr`, `endDateType=limited|fixed: needs endDate|days`. A row holds when
    the first input has one of the values, or any value at all. All that `needs` names must be given, of `a|b` one.
    """
    parsed = [(*when.partition("=")[::2], *then.split()) for when, _, then in (row.partition(": ") for row in rows)]

    def rule(op: OperationContext) -> None:
        for path, values, word, *others in parsed:
            value = op.get(path)
            if display(value) not in values.split("|") if values else not value:
                continue
            for other in others:
                if any(op.get(each) for each in other.split("|")) == (word == "no"):
                    verb = "cannot" if word == "no" else "must"
                    text = f"{other.replace('|', ' or ')} {verb} be specified when {path} is {display(value)}"
                    raise AwsError(code, text) if code else ProviderError(text, whole=True)

    return rule


def elements(op: OperationContext, path: str) -> list[Any]:
    """Returns the known values at a path that may go into every element of a list."""
    return [value for _, value in paths.find(op.inputs, path) if value is not UNKNOWN]


def _vpc(op: OperationContext, type_: str, id_: str) -> str | None:
    if type_ == tokens.VPC:
        return id_
    row = op.cloud.get(type_, id_)
    if row is not None and type_ == tokens.NAT_GATEWAY and row.state.get("subnetId"):
        return _vpc(op, tokens.SUBNET, row.state["subnetId"])
    return row.state.get("vpcId") if row is not None else None


def of_one_vpc(code: str, message: str, references: str) -> Rule:
    """Returns the rule that all that inputs refer to is of one VPC. references: their paths. {value}: what is not."""

    def rule(op: OperationContext) -> None:
        vpcs: list[str] = []
        for path in references.split():
            for id_ in elements(op, path):
                vpc = _vpc(op, op.references[path], str(id_))
                if vpc and vpcs and vpc != vpcs[0]:
                    raise op.error(ErrorTemplate(code, message), id_)
                vpcs += [vpc] if vpc else []

    return rule


def symmetric_key(path: str, code: str) -> Rule:
    """Returns the rule that a key must be symmetric. Source: KMS API, CreateKey: services take no others; 2026-11."""

    def rule(op: OperationContext) -> None:
        for arn in elements(op, path):
            row = op.find(tokens.KEY, "arn", arn)
            if row is not None and row.state.get("customerMasterKeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
                raise AwsError(code, f"The KMS key {arn} is not a symmetric encryption key")

    return rule
