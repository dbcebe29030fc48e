"""Writes IAM policy documents as the provider's getPolicyDocument does.

Source: terraform-provider-aws internal/service/iam/policy_document_data_source.go and policy_model.go; read 2026-11.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

from simulator.aws.constraints import Constraint, json_text, matches, one_of
from simulator.aws.paths import snake
from simulator.provider import Refusal
from simulator.values import Props

_CHECKS: dict[str, Constraint] = {
    "version": one_of("2008-10-17", "2012-10-17"),
    "effect": one_of("Allow", "Deny"),
    "sid": matches("[a-zA-Z0-9]*", "must only include alphanumeric characters"),
}


def policy_document(args: Props) -> Props:
    """Returns the result of `aws:iam/getPolicyDocument:getPolicyDocument`."""
    _refuse_wrong_arguments(args)
    version, own = args.get("version") or "2012-10-17", args.get("statements") or []
    if version == "2008-10-17" and "&{" in json.dumps(own):
        raise _wrong("reading statements: found &{ sequence, which is not supported in document version 2008-10-17")
    sources = list(_documents(args, "source"))
    _refuse_equal_sids([each for source in sources for each in source["Statement"]], "in source_policy_documents")
    _refuse_equal_sids([{"Sid": item.get("sid")} for item in own], "in statements")
    current = {"Version": version, "Id": args.get("policyId"), "Statement": [_statement(item) for item in own]}
    document: Props = {"Version": "", "Id": "", "Statement": []}
    for each in (*sources, current, *_documents(args, "override")):
        document["Version"] = max(document["Version"], each.get("Version") or "")
        document["Id"] = each.get("Id") or document["Id"]
        document["Statement"] = _merged(document["Statement"], each["Statement"])
    document = {key: value for key, value in document.items() if value}
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return {
        **args,
        "id": str(zlib.crc32(text.encode())),
        "json": text,
        "minifiedJson": json.dumps(document, separators=(",", ":"), ensure_ascii=False),
    }


def _wrong(text: str) -> Refusal:
    return Refusal(f"writing IAM Policy Document: {text}")


def _refuse_wrong_arguments(args: Props) -> None:
    for name in (name for name in ("sourceJson", "overrideJson") if args.get(name)):
        raise Refusal(f'expected "{snake(name)}" to be an empty string: use {snake(name)[:-5]}_policy_documents')
    given = [("version", args.get("version"))]
    given += [(name, item.get(name)) for item in args.get("statements") or [] for name in ("effect", "sid")]
    for name, value in given:
        if value is not None and (text := _CHECKS[name](name, value)):
            raise Refusal(text)


def _documents(args: Props, which: str) -> Iterator[Props]:
    """Yields the given documents. The provider's own reader takes lists of statements only."""
    for index, text in enumerate(args.get(f"{which}PolicyDocuments") or []):
        if wrong := json_text(f"{which}_policy_documents", text):
            raise Refusal(wrong)
        document = json.loads(text or "{}")
        if not isinstance(document, dict) or not isinstance(document.get("Statement", []), list):
            reason = "json: cannot unmarshal object into Go struct field iamPolicyDoc.Statement"
            raise _wrong(f"merging {which} document {index}: {reason}")
        yield {"Statement": [], **document}


def _refuse_equal_sids(statements: list[Props], where: str) -> None:
    sids = [statement["Sid"] for statement in statements if statement.get("Sid")]
    duplicate = next((sid for sid in sids if sids.count(sid) > 1), None)
    if duplicate:
        raise _wrong(f"duplicate Sid ({duplicate}) {where}. Remove the Sid or ensure Sids are unique.")


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
