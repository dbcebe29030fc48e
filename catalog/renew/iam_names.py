"""Names that IAM knows in policy documents: AWS's own managed policies, services, and the actions of S3 and SQS.

Forms, read 2026-11: getmoto/moto moto/iam/aws_managed_policies.py, a Python text with the answer of
GetAccountAuthorizationDetails; duo-labs/parliament iam_definition.json, the tables of the service authorization
reference.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from catalog.renew.asking import Answers, Question, Renewal
from catalog.rows import DATA, laid_out, read_table

ACCOUNT = False
RAW = "https://raw.githubusercontent.com"
POLICIES = Question(name="managed-policies.py", url=f"{RAW}/getmoto/moto/master/moto/iam/aws_managed_policies.py")
ACTIONS = Question(name="iam-definition.json", url=f"{RAW}/duo-labs/parliament/main/parliament/iam_definition.json")
ATTACHABLE = ("/", "/job-function/", "/service-role/")
PRINCIPAL = re.compile(r'"([a-z0-9.-]+)\.amazonaws\.com(?:\.cn)?"')
EVERYWHERE = 100  # a condition key that more S3 actions have applies to every request


def questions() -> list[Question]:
    return [POLICIES, ACTIONS]


def renew(answers: Answers, today: date) -> Renewal:
    policies, actions = answers.text(POLICIES), answers.json(ACTIONS)
    if policies is None or actions is None:
        return Renewal({}, [])
    managed, names = read_table("managed_policies"), read_table("iam_names")
    rows = {name: row["Path"] for name, row in json.loads(policies.split('"""')[1]).items()}
    services = {service["prefix"]: service["privileges"] for service in actions}
    managed["policies"] = {name: path for name, path in sorted(rows.items()) if path in ATTACHABLE}
    names["services"] = sorted({*PRINCIPAL.findall(policies), *services, *names["more"]["services"]})
    names["sqs"] = sorted(row["privilege"] for row in services["sqs"])
    names["s3"] = _s3_actions(services["s3"], names["more"])
    tables = {"managed_policies": managed, "iam_names": names}
    files = {DATA / f"{name}.json": laid_out({**each, "read": f"{today:%Y-%m}"}) for name, each in tables.items()}
    return Renewal(files, [])


def _s3_actions(rows: Iterable[Mapping[str, Any]], more: Mapping[str, list[str]]) -> dict[str, str]:
    """Returns action -> kinds of resource, then its own condition keys; at * the keys of all requests."""
    found = {row["privilege"]: row["resource_types"] for row in rows}
    keys = {name: [key for kind in kinds for key in kind["condition_keys"]] for name, kinds in found.items()}
    counts = Counter(key for each in keys.values() for key in set(each) if key.startswith("s3:"))
    common = {*more["keys"], *(key for key in counts if counts[key] > EVERYWHERE)}
    result = dict.fromkeys(more["actions"], "bucket object *")
    for name, kinds in found.items():
        types = sorted({kind["resource_type"].rstrip("*") for kind in kinds} - {""})
        result[name] = " ".join([*types, *sorted({*keys[name]} & {*counts} - common)])
    return {"*": " ".join(sorted(common)), **dict(sorted(result.items()))}
