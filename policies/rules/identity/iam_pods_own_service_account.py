"""Pods get rights in AWS by a service account of their own, not by the one that every pod has.

Covers EKS Pod Identity, EKS add-ons, trust in the OIDC provider of a cluster (IRSA), and the annotation of IRSA.
Sources: EKS user guide, "Learn how EKS Pod Identity grants pods access to AWS services" and "IAM roles for service
accounts"; read 2026-11.
"""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase

from policies.grants import Grant, grants
from policies.rule import Case, Resource, Rule, each, present, text

POD_IDENTITY, ADD_ON = "aws:eks/podIdentityAssociation:PodIdentityAssociation", "aws:eks/addon:Addon"
ROLE, SERVICE_ACCOUNT = "aws:iam/role:Role", "kubernetes:core/v1:ServiceAccount"
DEFAULT = "default"
IRSA_ROLE = ("metadata", "annotations", "eks.amazonaws.com/role-arn")
CLUSTER_PROVIDER = "oidc-provider/oidc.eks."
WHY = "is the service account of every pod that names none, so all pods of the namespace get the rights"


def _subjects(grant: Grant) -> list[str]:
    """Returns the Kubernetes service accounts that a statement admits, as `system:serviceaccount:<ns>:<name>`."""
    return [value for each in grant.conditions if each.key.endswith(":sub") for value in each.values]


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.type == ROLE:
        for grant in grants(resource, "assumeRolePolicy"):
            if not grant.allows or not any(CLUSTER_PROVIDER in principal.name for principal in grant.principals):
                continue
            subjects = [subject.rpartition(":")[2] for subject in _subjects(grant)]
            if not subjects or any(fnmatchcase(DEFAULT, name) for name in subjects):
                yield grant.statement.under("Condition"), f"admits {DEFAULT}, which {WHY}"
    elif resource.type == POD_IDENTITY:
        if text(resource, "serviceAccount") == DEFAULT:
            yield "serviceAccount", WHY
    elif resource.type == ADD_ON:
        for association in each(resource, "podIdentityAssociations"):
            if text(association, "serviceAccount") == DEFAULT:
                yield association.under("serviceAccount"), WHY
    elif text(resource, "metadata.name") == DEFAULT and present(resource, IRSA_ROLE):
        yield "metadata.annotations", WHY


HOST = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE"


def _role(*subjects: str, operator: str = "StringEquals", effect: str = "Allow", host: str = HOST) -> Case:
    condition = {operator: {f"{host}:sub": list(subjects), f"{host}:aud": "sts.amazonaws.com"}}
    provider = {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{host}"}
    grant = {"Effect": effect, "Principal": provider, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition}
    document = json.dumps({"Statement": [grant]})
    return Case({"assumeRolePolicy": document}, type=ROLE, at="assumeRolePolicy.Statement[0].Condition")


def _account(name: str, **annotations: str) -> Case:
    metadata = {"name": name, "annotations": {key.replace("_", "-"): value for key, value in annotations.items()}}
    return Case({"metadata": metadata}, type=SERVICE_ACCOUNT, at="metadata.annotations")


def _add_on(*accounts: str) -> Case:
    associations = [{"roleArn": "arn:aws:iam::111122223333:role/pods", "serviceAccount": name} for name in accounts]
    at_last = f"podIdentityAssociations[{len(accounts) - 1}].serviceAccount"
    return Case({"podIdentityAssociations": associations}, type=ADD_ON, at=at_last)


ARN = "arn:aws:iam::111122223333:role/pods"
IRSA = {"eks.amazonaws.com/role_arn": ARN}
TRAINER, EVERY_POD = "system:serviceaccount:research:trainer", "system:serviceaccount:research:default"

RULE = Rule(
    id="iam-pods-own-service-account",
    applies_to=(POD_IDENTITY, ADD_ON, ROLE, SERVICE_ACCOUNT),
    severity="high",
    standards=("CIS EKS 4.1.5",),
    why="With the service account default, every pod of the namespace has the rights, also one that nobody reviewed.",
    fix="Make a service account for the pods that need the rights; write it in storage.buckets.<name>.used_by.",
    mend={"serviceAccount": "<name>"},
    check=check,
    good={
        "nothing set, which EKS refuses by itself": {},
        "a service account of its own": {"namespace": "research", "serviceAccount": "trainer"},
        "an add-on": _add_on("ebs-csi-controller-sa"),
        "trust in one service account": _role(TRAINER),
        "trust denied": _role(EVERY_POD, effect="Deny"),
        "trust in a service": Case({"assumeRolePolicy": "{}"}, type=ROLE),
        "trust in another provider": _role("repo:org/default", host="token.actions.githubusercontent.com"),
        "trust in every job of another provider": _role(host="token.actions.githubusercontent.com"),
        "default without rights": _account("default", team="ours"),
        "another service account with rights": _account("trainer", **IRSA),
    },
    bad={
        "default": Case({"namespace": "research", "serviceAccount": "default"}, at="serviceAccount"),
        "nothing set but default, in an add-on": _add_on("default"),
        "the second of an add-on": _add_on("ebs-csi-controller-sa", "default"),
        "trust in default": _role(EVERY_POD),
        "trust in a list": _role(TRAINER, EVERY_POD),
        "trust by a pattern": _role("system:serviceaccount:*:default", operator="StringLike"),
        "trust by a pattern that fits any": _role("system:serviceaccount:research:*", operator="StringLike"),
        "trust in every service account": _role(),
        "default with rights": _account("default", **IRSA),
    },
)
