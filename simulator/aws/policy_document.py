"""Writes IAM policy documents as the provider's getPolicyDocument does.

Source: terraform-provider-aws internal/service/iam/policy_document_data_source.go and policy_model.go; read 2026-11.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

from simulator.provider import Refusal
from simulator.values import Props


def policy_document(args: Props) -> Props:
    """Returns the result of `aws:iam/getPolicyDocument:getPolicyDocument`."""
    statements: list[Props] = []
    for text in [args.get("sourceJson"), *(args.get("sourcePolicyDocuments") or [])]:
        statements += _statements_of(text)
    own = [_statement(item) for item in args.get("statements") or []]
    _refuse_equal_sids([*statements, *own])
    statements = _merged(statements, own)
    for text in [args.get("overrideJson"), *(args.get("overridePolicyDocuments") or [])]:
        statements = _merged(statements, _statements_of(text))
    document: Props = {"Version": args.get("version") or "2012-10-17"}
    if args.get("policyId"):
        document["Id"] = args["policyId"]
    document["Statement"] = statements
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return {
        **args,
        "id": str(zlib.crc32(text.encode())),
        "json": text,
        "minifiedJson": json.dumps(document, separators=(",", ":"), ensure_ascii=False),
    }


def _statements_of(text: Any) -> list[Props]:
    if not text:
        return []
    statements = json.loads(text).get("Statement", [])
    return list(statements) if isinstance(statements, list) else [statements]


def _refuse_equal_sids(statements: list[Props]) -> None:
    sids = [statement["Sid"] for statement in statements if statement.get("Sid")]
    duplicate = next((sid for sid in sids if sids.count(sid) > 1), None)
    if duplicate:
        raise Refusal(f"duplicate Sid ({duplicate}) in statements: statements must have unique Sid values")


def _merged(statements: list[Props], others: list[Props]) -> list[Props]:
    """Joins two lists of statements. A statement with the Sid of an earlier one replaces it."""
    result = list(statements)
    for other in others:
        indexes = [index for index, each in enumerate(result) if other.get("Sid") and each.get("Sid") == other["Sid"]]
        if indexes:
            result[indexes[0]] = other
        else:
            result.append(other)
    return result


def _statement(item: Props) -> Props:
    statement: Props = {}
    if item.get("sid"):
        statement["Sid"] = item["sid"]
    statement["Effect"] = item.get("effect") or "Allow"
    for key, name in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if item.get(key):
            statement[name] = _principals(item[key])
    for key, name in (
        ("actions", "Action"),
        ("notActions", "NotAction"),
        ("resources", "Resource"),
        ("notResources", "NotResource"),
    ):
        if item.get(key):
            statement[name] = _flat(item[key])
    if item.get("conditions"):
        statement["Condition"] = _conditions(item["conditions"])
    return statement


def _flat(values: list[Any]) -> Any:
    """Returns a single value as it is, and several in reverse alphabetical order, as the provider sorts them."""
    texts = [_variables(value) for value in values]
    return texts[0] if len(texts) == 1 else sorted(texts, reverse=True)


def _variables(value: Any) -> Any:
    return value.replace("&{", "${") if isinstance(value, str) else value


def _principals(items: list[Props]) -> Any:
    grouped: dict[str, list[Any]] = {}
    for item in items:
        grouped.setdefault(item["type"], []).extend(item["identifiers"])
    if grouped == {"*": ["*"]}:
        return "*"
    return {kind: _flat(identifiers) for kind, identifiers in sorted(grouped.items())}


def _conditions(items: list[Props]) -> Props:
    conditions: Props = {}
    for item in items:
        values = [_variables(value) for value in item["values"]]
        conditions.setdefault(item["test"], {})[_variables(item["variable"])] = (
            values[0] if len(values) == 1 else values
        )
    return {test: dict(sorted(variables.items())) for test, variables in sorted(conditions.items())}
