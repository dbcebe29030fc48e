"""What AWS knows of names in policy documents: its own managed policies, its services, and the actions of S3 and SQS.

Forms, read 2026-11: getmoto/moto moto/iam/aws_managed_policies.py, a Python text with the answer of
GetAccountAuthorizationDetails; duo-labs/parliament iam_definition.json, the tables of the service authorization
reference; boto/botocore service-2.json of S3, whose texts name the permission of each operation.
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
S3_MODEL = Question(
    name="s3-service-2.json", url=f"{RAW}/boto/botocore/develop/botocore/data/s3/2006-03-01/service-2.json"
)
ATTACHABLE = ("/", "/job-function/", "/service-role/")
PRINCIPAL = re.compile(r'"([a-z0-9.-]+)\.amazonaws\.com(?:\.cn)?"')
PERMISSION = re.compile(r"\bs3:([A-Z][A-Za-z]+)")
EVERYWHERE = 100  # a condition key that more S3 actions have applies to every request
NEWER_KEYS = ("s3:BucketTag/<key>",)  # the S3 model tells of it, and the tables do not have it yet


def questions() -> list[Question]:
    return [POLICIES, ACTIONS, S3_MODEL]


def renew(answers: Answers, today: date) -> Renewal:
    policies, actions, model = answers.text(POLICIES), answers.json(ACTIONS), answers.json(S3_MODEL)
    if policies is None or actions is None or model is None:
        return Renewal({}, [])
    managed, names = read_table("managed_policies"), read_table("policy_names")
    rows = {name: row["Path"] for name, row in json.loads(policies.split('"""')[1]).items()}
    services = {service["prefix"]: service["privileges"] for service in actions}
    managed["policies"] = {name: path for name, path in sorted(rows.items()) if path in ATTACHABLE}
    names["services"] = sorted({*PRINCIPAL.findall(policies), *services, *names["more_services"]})
    names["sqs"] = sorted(row["privilege"] for row in services["sqs"])
    names["s3"] = _s3_actions(services["s3"], _named(model))
    tables = {"managed_policies": managed, "policy_names": names}
    files = {DATA / f"{name}.json": laid_out({**each, "read": f"{today:%Y-%m}"}) for name, each in tables.items()}
    return Renewal(files, [])


def _named(model: Mapping[str, Any]) -> set[str]:
    """Returns the permissions that the model's texts name for its operations. What may be put may also be got."""
    operations = {name.lower() for name in model["operations"]}
    named = {name for name in PERMISSION.findall(json.dumps(model)) if name.lower() in operations}
    return named | {f"Get{name[3:]}" for name in named if name.startswith("Put")}


def _s3_actions(rows: Iterable[Mapping[str, Any]], newer: Iterable[str]) -> dict[str, str]:
    """Returns action -> kinds of resource, then its own condition keys; at * the keys of all requests."""
    found = {row["privilege"]: row["resource_types"] for row in rows}
    keys = {name: {key for kind in kinds for key in kind["condition_keys"]} for name, kinds in found.items()}
    counts = Counter(key for each in keys.values() for key in each)
    own = {
        name: sorted(key for key in each if key[:3] == "s3:" and counts[key] <= EVERYWHERE)
        for name, each in keys.items()
    }
    kinds = {name: sorted({kind["resource_type"].rstrip("*") for kind in each} - {""}) for name, each in found.items()}
    known = {name.lower() for name in found}
    result = {name: "bucket object *" for name in newer if name.lower() not in known}
    result |= {name: " ".join([*kinds[name], *own[name]]) for name in found}
    common = sorted([*NEWER_KEYS, *(key for key in counts if counts[key] > EVERYWHERE)])
    return {"*": " ".join(common), **dict(sorted(result.items()))}
