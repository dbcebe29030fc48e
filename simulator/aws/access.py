"""Who may do what: IAM's decision about a session of a role, from the documents in the cloud.

An explicit denial ends it. A resource's own policy may allow by itself, or delegate to the account: then the role's
policies decide. Roles and KMS keys need their own policy in any case. Left out: boundaries, policies of organizations
and sessions, and policies that AWS maintains, which allow nothing here. A condition that is not known is not met.
Sources: IAM user guide, "Policy evaluation logic", "Elements: Condition operators", "Pass session tags in AWS STS"; EKS
user guide, "Grant pods access to AWS resources based on tags" (the tags, and that they are transitive); read 2026-11.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.aws import tokens
from simulator.cloud import Cloud, CloudResource
from simulator.values import listed

Context = Mapping[str, Any]
"""Condition key -> its value, or its values."""


class DeniedError(Exception):
    """IAM denies an action, in its words."""


@dataclass(frozen=True)
class Session:
    """A session of a role. tags: those of the session, which are passed on to the roles that it assumes."""

    role: CloudResource
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return str(self.role.state["arn"])

    def denied(self, action: str, resource: str, why: str) -> DeniedError:
        name = self.arn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")
        text = (
            f"AccessDenied: User: {name} is not authorized to perform: {action} on resource: {resource} because {why}"
        )
        return DeniedError(text)


def pod_session(cloud: Cloud, cluster: str, region: str, namespace: str, service_account: str) -> Session | None:
    """Returns the session that EKS Pod Identity gives to pods of a service account; None where they have no role."""
    for each in cloud.of_type(tokens.POD_IDENTITY):
        of_pod = (each.state["clusterName"], each.state["namespace"], each.state["serviceAccount"])
        role = _role(cloud, each.state["roleArn"])
        if each.region == region and of_pod == (cluster, namespace, service_account) and role is not None:
            tags = {
                "eks-cluster-arn": f"{each.state['associationArn'].partition(':podidentityassociation/')[0]}:cluster/"
                + cluster,
                "eks-cluster-name": cluster,
                "kubernetes-namespace": namespace,
                "kubernetes-service-account": service_account,
            }
            return Session(role, {} if each.state.get("disableSessionTags") else tags)
    return None


def assume(cloud: Cloud, session: Session, role_arn: str) -> Session:
    """Returns the session of a role that another session assumes. Raises DeniedError."""
    role = _role(cloud, role_arn)
    if role is None:
        raise session.denied("sts:AssumeRole", role_arn, "no resource-based policy allows the sts:AssumeRole action")
    for action in ("sts:AssumeRole", *(["sts:TagSession"] if session.tags else [])):
        authorize(cloud, session, action, role_arn, policy=role.state["assumeRolePolicy"], required=True)
    return Session(role, session.tags)


def read_secret(cloud: Cloud, session: Session, region: str, name: str) -> CloudResource | None:
    """Returns a secret whose value the session may read; None where it may, and there is none. Raises DeniedError."""
    secrets = [row for row in cloud.of_type(tokens.SECRET) if row.region == region]
    secret = next((row for row in secrets if name in (row.state["name"], row.id)), None)
    account, partition = session.arn.split(":")[4], session.arn.split(":")[1]
    arn = secret.id if secret else f"arn:{partition}:secretsmanager:{region}:{account}:secret:{name}"
    policy = secret.state.get("policy") if secret else None
    authorize(cloud, session, "secretsmanager:GetSecretValue", arn, policy=policy)
    key = next(
        (row for row in cloud.of_type(tokens.KEY) if secret and row.state["arn"] == secret.state.get("kmsKeyId")), None
    )
    if key is not None:
        aliases = [
            row.state["name"] for row in cloud.of_type(tokens.ALIAS) if row.state["targetKeyArn"] == key.state["arn"]
        ]
        context = {"kms:ViaService": f"secretsmanager.{region}.amazonaws.com", "kms:ResourceAliases": aliases}
        authorize(
            cloud, session, "kms:Decrypt", key.state["arn"], context, policy=key.state.get("policy"), required=True
        )
    return secret


def anybody_may(policy: str, action: str, resource: str, context: Context) -> bool:
    """Returns whether a resource's own policy allows an action to callers without an identity."""
    return endpoint_lets(policy, action, resource, context, of_itself=True)


def endpoint_lets(policy: str, action: str, resource: str, context: Context, *, of_itself: bool = False) -> bool:
    """Returns whether the policy of a VPC endpoint lets a request through, by what it says of everybody.

    of_itself: whether it is the policy of the resource.
    """
    effects = {
        statement["Effect"]
        for statement in _statements(policy)
        if _names_everybody(statement.get("Principal"))
        if _says({**statement, "Resource": "*"} if of_itself else statement, action, resource, _lower(context))
    }
    return effects == {"Allow"}


def _names_everybody(principal: Any) -> bool:
    return principal == "*" or "*" in listed((principal or {}).get("AWS"))


def authorize(
    cloud: Cloud,
    session: Session,
    action: str,
    resource: str,
    context: Context | None = None,
    *,
    policy: str | None = None,
    required: bool = False,
) -> None:
    """Raises DeniedError where the session may not do this.

    policy: of the resource. required: whether that has to allow it, or to delegate it to the account.
    """
    values = _lower(
        {
            "aws:PrincipalArn": session.arn,
            "aws:PrincipalAccount": session.arn.split(":")[4],
            **{f"aws:PrincipalTag/{key}": value for key, value in session.tags.items()},
            **(context or {}),
        }
    )
    of_role = {
        statement["Effect"]
        for text in _identity_policies(cloud, session.role)
        for statement in _statements(text)
        if _says(statement, action, resource, values)
    }
    of_resource = {
        (statement["Effect"], direct)
        for statement in _statements(policy)
        if (direct := _names(statement, session.arn)) is not None
        if _says({**statement, "Resource": "*"}, action, resource, values)
    }
    if "Deny" in of_role or any(effect == "Deny" for effect, _ in of_resource):
        raise session.denied(action, resource, "of an explicit deny")
    if ("Allow", True) in of_resource:
        return
    if required and ("Allow", False) not in of_resource:
        raise session.denied(action, resource, f"no resource-based policy allows the {action} action")
    if "Allow" not in of_role:
        raise session.denied(action, resource, f"no identity-based policy allows the {action} action")


def _role(cloud: Cloud, arn: str) -> CloudResource | None:
    return next((row for row in cloud.of_type(tokens.ROLE) if row.state["arn"] == arn), None)


def _identity_policies(cloud: Cloud, role: CloudResource) -> Iterator[str]:
    name = role.state["name"]
    yield from (each.get("policy") for each in role.state.get("inlinePolicies") or ())
    yield from (row.state["policy"] for row in cloud.of_type(tokens.ROLE_POLICY) if row.state["role"] == name)
    attached = {
        row.state["policyArn"] for row in cloud.of_type(tokens.ROLE_POLICY_ATTACHMENT) if row.state["role"] == name
    }
    yield from (row.state["policy"] for row in cloud.of_type(tokens.POLICY) if row.state["arn"] in attached)


def _statements(text: str | None) -> list[dict[str, Any]]:
    return listed(json.loads(text)["Statement"]) if text else []


def _names(statement: Mapping[str, Any], arn: str) -> bool | None:
    """Returns whether a statement of a resource names a role itself, or its account (False); None where it does not."""
    principal = statement.get("Principal")
    named = ["*"] if principal == "*" else listed((principal or {}).get("AWS"))
    account = arn.split(":")[4]
    if "*" in named or arn in named:
        return True
    return False if {account, f"{arn.rpartition(':')[0]}:root"} & set(named) else None


def _says(statement: Mapping[str, Any], action: str, resource: str, values: Context) -> bool:
    """Returns whether a statement is about this action on this resource, and its conditions are met."""
    if "NotAction" in statement:
        of_action = not any(_like(each.lower(), action.lower()) for each in listed(statement["NotAction"]))
    else:
        of_action = any(_like(each.lower(), action.lower()) for each in listed(statement.get("Action")))
    if "NotResource" in statement:
        of_resource = not any(_like(each, resource) for each in listed(statement["NotResource"]))
    else:
        of_resource = any(_like(each, resource) for each in listed(statement.get("Resource")))
    denies = statement["Effect"] == "Deny"
    tests = [
        (operator, key, listed(wanted))
        for operator, keys in (statement.get("Condition") or {}).items()
        for key, wanted in keys.items()
    ]
    return of_action and of_resource and all(_met(*test, values, unknown=denies) for test in tests)


def _met(operator: str, key: str, wanted: list[Any], values: Context, *, unknown: bool) -> bool:
    """Returns whether a condition is met. unknown: what an operator is that is not known here."""
    name, if_exists = operator.rpartition(":")[2], operator.endswith("IfExists")
    name = name.removesuffix("IfExists")
    given = [str(each) for each in listed(values.get(key.lower()))]
    if name == "Null":
        return (not given) == (str(wanted[0]).lower() == "true")
    negated = "Not" in name
    test = {
        "StringEquals": "equals",
        "StringLike": "like",
        "ArnEquals": "like",
        "ArnLike": "like",
        "Bool": "equals",
    }.get(name.replace("Not", ""))
    if test is None:
        return unknown
    if not given:
        return if_exists or negated or operator.startswith("ForAllValues:")

    def fits(value: str) -> bool:
        if test == "equals":
            return value in [str(each).lower() if name == "Bool" else each for each in wanted]
        return any(_like(str(each), value) for each in wanted)

    results = [fits(value) != negated for value in given]
    return any(results) if operator.startswith("ForAnyValue:") else all(results)


def _lower(context: Context) -> dict[str, Any]:
    return {key.lower(): value for key, value in context.items()}


def _like(pattern: str, value: str) -> bool:
    """Returns whether a value fits a pattern of IAM, in which `*` is any text and `?` any character."""
    parts = ("." if each == "?" else ".*" if each == "*" else re.escape(each) for each in pattern)
    return re.fullmatch("".join(parts), value, re.DOTALL) is not None
