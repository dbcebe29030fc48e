"""KMS: keys and aliases. Tokens `aws:kms/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the KMS API model; read 2026-11.
"""

from __future__ import annotations

import json

from simulator.aws import tokens
from simulator.aws.constraints import between, every, length, matches, one_of
from simulator.aws.messages import AwsError, ErrorTemplate, Service
from simulator.aws.model import Autoname, CascadeDelete, Quota, Reference, ResourceType, Unique
from simulator.aws.operation_context import OperationContext
from simulator.aws.services import document_kinds, documents
from simulator.aws.services.refusals import combinations
from simulator.values import UNKNOWN

KMS = Service("KMS")

_SPECS = (
    *("ECC_NIST_EDWARDS25519", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1"),
    *("HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512", "ML_DSA_44", "ML_DSA_65", "ML_DSA_87"),
    *("ML_KEM_512", "ML_KEM_768", "ML_KEM_1024", "RSA_2048", "RSA_3072", "RSA_4096", "SM2", "SYMMETRIC_DEFAULT"),
)


# Beginning of a key's spec -> its usages; the first that fits. Source: KMS API, CreateKey, KeyUsage; read 2026-11.
_USAGES = (
    ("SYMMETRIC_DEFAULT", ("ENCRYPT_DECRYPT",)),
    ("HMAC_", ("GENERATE_VERIFY_MAC",)),
    ("RSA_", ("ENCRYPT_DECRYPT", "SIGN_VERIFY")),
    ("ECC_NIST_P", ("SIGN_VERIFY", "KEY_AGREEMENT")),
    ("ECC_", ("SIGN_VERIFY",)),
    ("ML_DSA_", ("SIGN_VERIFY",)),
    ("ML_KEM_", ("ENCAPSULATE_DECAPSULATE",)),
    ("SM2", ("ENCRYPT_DECRYPT", "SIGN_VERIFY", "KEY_AGREEMENT")),
)


def _usage_fits_the_spec(op: OperationContext) -> None:
    """The usage must be one of the spec, and SM2 is for China alone. Wordings are unverified."""
    spec, usage = op.get("customerMasterKeySpec", "SYMMETRIC_DEFAULT"), op.get("keyUsage", "ENCRYPT_DECRYPT")
    usages = next(usages for front, usages in _USAGES if spec.startswith(front))
    if usage not in usages:
        raise AwsError("ValidationException", f"KeyUsage {usage} is not compatible with KeySpec {spec}")
    if spec == "SM2" and not op.region.startswith("cn-"):
        raise AwsError("UnsupportedOperationException", f"KeySpec SM2 is not supported in {op.region}")


def _default_policy(op: OperationContext) -> str:
    """Returns AWS's default policy, by which the account's IAM policies decide.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": op.fill("arn:{partition}:iam::{account}:root")},
        "Action": "kms:*",
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]})


def _policy_can_be_changed_again(op: OperationContext) -> None:
    """The policy must allow somebody of the account to change it again."""
    text = op.get("policy")
    if not text or op.get("bypassPolicyLockoutSafetyCheck", False):
        return
    for statement in documents.allowed(text):
        principal = statement.get("Principal")
        people = documents.listed(principal.get("AWS")) if isinstance(principal, dict) else documents.listed(principal)
        actions = documents.listed(statement.get("Action"))
        if people and any(action in ("*", "kms:*", "kms:Put*", "kms:PutKeyPolicy") for action in actions):
            return
    message = "The new key policy will not allow you to update the key policy in the future."
    raise AwsError("MalformedPolicyDocumentException", message)


_ROTATION = combinations(  # only symmetric keys can rotate, and a rotation period needs rotation
    "UnsupportedOperationException",
    f"customerMasterKeySpec={'|'.join(each for each in _SPECS if each != 'SYMMETRIC_DEFAULT')}: no enableKeyRotation",
    "rotationPeriodInDays: needs enableKeyRotation",
)


def _key_arn(op: OperationContext) -> str:
    key = str(op.get("targetKeyId"))
    return key if key.startswith("arn:") else op.fill("arn:{partition}:kms:{region}:{account}:key/") + key


def _target_exists(op: OperationContext) -> None:
    """The key must exist: ids and ARNs are known only for keys that exist."""
    key = str(op.get("targetKeyId")).rsplit("key/", 1)[-1]
    if op.cloud.get(tokens.KEY, key) is None:
        raise AwsError("NotFoundException", f"Key '{_key_arn(op)}' does not exist")


def _update_target_arn(op: OperationContext) -> None:
    target = op.inputs["targetKeyId"]
    op.state["targetKeyArn"] = UNKNOWN if target is UNKNOWN else _key_arn(op)


KEY = ResourceType(
    type=tokens.KEY,
    service=KMS,
    creates="CreateKey",
    updates="PutKeyPolicy",
    deletes="ScheduleKeyDeletion",
    display_name="KMS Key",
    updating="updating KMS Key ({id}) policy",
    id="{hex8}-{hex4:b}-{hex4:c}-{hex4:d}-{hex12:e}",
    arn="arn:{partition}:kms:{region}:{account}:key/{id}",
    replace_on="customKeyStoreId customerMasterKeySpec keyUsage multiRegion xksKeyId",
    documents="policy",
    defaults={
        "bypassPolicyLockoutSafetyCheck": False,
        "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "enableKeyRotation": False,
        "isEnabled": True,
        "keyUsage": "ENCRYPT_DECRYPT",
    },
    aws_defaults={
        "description": "",
        "multiRegion": False,
        "policy": _default_policy,
        "rotationPeriodInDays": lambda op: 365 if op.inputs.get("enableKeyRotation") else 0,
    },
    computed={"keyId": "{id}"},
    constraints={
        "customerMasterKeySpec": one_of(*_SPECS),
        "deletionWindowInDays": between(7, 30),
        "description": length(0, 8192),
        "keyUsage": one_of(
            "ENCAPSULATE_DECAPSULATE", "ENCRYPT_DECRYPT", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT", "SIGN_VERIFY"
        ),
        "policy": length(0, 32768),
        "rotationPeriodInDays": between(90, 2560),
    },
    not_found=ErrorTemplate("NotFoundException", "Key '{value}' does not exist"),
    quotas=(
        Quota(
            "L-C2F1777E",
            100000,
            ErrorTemplate("LimitExceededException", "The request was rejected because a quota was exceeded"),
        ),
    ),
    always=(document_kinds.KEY.of("policy"), _policy_can_be_changed_again, _ROTATION),
    rules=(_usage_fits_the_spec,),
    cascade_deletes=(
        CascadeDelete(tokens.ALIAS, "targetKeyArn", by="arn"),
        CascadeDelete(tokens.KEY_POLICY, "keyId"),
    ),
    source="hashicorp/terraform-provider-aws internal/service/kms/key.go",
)

KEY_POLICY = ResourceType(
    type=tokens.KEY_POLICY,
    service=KMS,
    creates="PutKeyPolicy",
    deletes="PutKeyPolicy",
    display_name="KMS Key policy",
    creating="attaching KMS Key policy ({keyId})",
    updating="updating KMS Key ({id}) policy",
    deleting="removing KMS Key policy ({id})",
    id="{keyId}",
    required="keyId policy",
    replace_on="keyId",
    documents="policy",
    defaults={"bypassPolicyLockoutSafetyCheck": False},
    references={"keyId": Reference(tokens.KEY)},
    always=(document_kinds.KEY.of("policy"), _policy_can_be_changed_again),
    source="hashicorp/terraform-provider-aws internal/service/kms/key_policy.go",
)

ALIAS = ResourceType(
    type=tokens.ALIAS,
    service=KMS,
    creates="CreateAlias",
    updates="UpdateAlias",
    display_name="KMS Alias",
    id="{name}",
    arn="arn:{partition}:kms:{region}:{account}:{name}",
    required="targetKeyId",
    replace_on="name namePrefix",
    autoname=Autoname(max_length=238, prefix="alias/", given_prefix="namePrefix"),
    computed={"targetKeyArn": _key_arn},
    constraints={
        "name": every(
            length(7, 256),
            matches(r"alias/(?!aws/)[0-9A-Za-z_/-]+", "alias/ and letters, digits, _ / -, not alias/aws/"),
        )
    },
    not_found=ErrorTemplate("NotFoundException", "Alias {value} is not found."),
    unique=Unique("name", ErrorTemplate("AlreadyExistsException", "An alias with the name {arn} already exists")),
    always=(_target_exists,),
    after_update=_update_target_arn,
    source="hashicorp/terraform-provider-aws internal/service/kms/alias.go",
)

TYPES = (KEY, KEY_POLICY, ALIAS)
