"""Certificate Manager: certificates, and waiting until they are issued. Tokens `aws:acm/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the ACM API model; read 2026-11.
"""

from __future__ import annotations

import hashlib
from typing import Any

from simulator.aws import tokens
from simulator.aws.constraints import arn, every, length, matches, one_of
from simulator.aws.messages import AwsError, ErrorTemplate, ProviderError, Service
from simulator.aws.model import Reference, ResourceType
from simulator.aws.operation_context import OperationContext

ACM = Service("ACM")
_NO_CERTIFICATE = ErrorTemplate("ResourceNotFoundException", "Could not find certificate {value}.")


def _names(op: OperationContext) -> list[str]:
    return list(dict.fromkeys([op.get("domainName"), *op.get("subjectAlternativeNames", [])]))


def _options(op: OperationContext) -> list[dict[str, Any]]:
    """Returns the record by which each name is proven. A name and its wildcard have the same."""
    if op.inputs.get("validationMethod") != "DNS":
        return []
    options = []
    for name in _names(op):
        bare = name.removeprefix("*.")
        digest = hashlib.sha256(f"{op.fill('{account}')}/{bare}".encode()).hexdigest()
        options.append(
            {
                "domainName": name,
                "resourceRecordName": f"_{digest[:32]}.{bare}.",
                "resourceRecordType": "CNAME",
                "resourceRecordValue": f"_{digest[32:]}.acm-validations.aws.",
            }
        )
    return options


def _has_ten_names_at_most(op: OperationContext) -> None:
    """Source: AWS Certificate Manager user guide, "Quotas"; read 2026-11. The wording is unverified."""
    if len(_names(op)) > 10:
        raise AwsError("LimitExceededException", "The number of domain names exceeds the limit of 10.")


def _records_are_there(op: OperationContext) -> None:
    """Each name needs its record in a hosted zone; otherwise the provider waits 75 minutes, and fails."""
    certificate = op.find(tokens.CERTIFICATE, "arn", op.get("certificateArn"))
    if op.call.preview or certificate is None:
        return
    made = {row.state["fqdn"].rstrip(".") for row in op.cloud.of_type(tokens.RECORD)}
    for option in certificate.state["domainValidationOptions"]:
        if option["resourceRecordName"].rstrip(".") not in made:
            raise ProviderError(
                "waiting for ACM Certificate "
                f"({certificate.state['arn']}) to be issued: timeout while waiting for state to become 'ISSUED' (last "
                f"state: 'PENDING_VALIDATION', timeout: 1h15m0s). No record proves {option['domainName']}"
            )


_DOMAIN = matches(r"(\*\.)?([a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}", "a domain name, which may begin with *.")

CERTIFICATE = ResourceType(
    type=tokens.CERTIFICATE,
    service=ACM,
    creates="RequestCertificate",
    updates="UpdateCertificateOptions",
    deletes="DeleteCertificate",
    display_name="ACM Certificate",
    creating="requesting ACM Certificate ({domainName})",
    updating="updating ACM Certificate ({id}) options",
    id="arn:{partition}:acm:{region}:{account}:certificate/{uuid}",
    arn="arn:{partition}:acm:{region}:{account}:certificate/{uuid}",
    replace_on=(
        "certificateAuthorityArn domainName keyAlgorithm subjectAlternativeNames validationMethod validationOptions "
        "validationOptions[*].domainName validationOptions[*].validationDomain"
    ),
    defaults={"options.certificateTransparencyLoggingPreference": "ENABLED"},
    sets="subjectAlternativeNames",
    aws_defaults={
        "domainName": "",
        "keyAlgorithm": "RSA_2048",
        "subjectAlternativeNames": _names,
        "options.export": "DISABLED",
        "validationMethod": "NONE",
    },
    computed={
        "domainValidationOptions": _options,
        "notAfter": "",
        "notBefore": "",
        "pendingRenewal": False,
        "renewalEligibility": "INELIGIBLE",
        "renewalSummaries": lambda op: [],
        "status": "PENDING_VALIDATION",
        "type": "AMAZON_ISSUED",
        "validationEmails": lambda op: [],
    },
    constraints={
        "domainName": every(length(1, 253), _DOMAIN),
        "keyAlgorithm": one_of(
            *("RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1")
        ),
        "subjectAlternativeNames[*]": every(length(1, 253), _DOMAIN),
        "validationMethod": one_of("DNS", "EMAIL", "HTTP", "NONE"),
    },
    not_found=_NO_CERTIFICATE,
    rules=(_has_ten_names_at_most,),
    source="hashicorp/terraform-provider-aws internal/service/acm/certificate.go",
)

CERTIFICATE_VALIDATION = ResourceType(
    type=tokens.CERTIFICATE_VALIDATION,
    service=ACM,
    creates="DescribeCertificate",
    display_name="ACM Certificate Validation",
    id="{alnum24}",
    required="certificateArn",
    replace_on="certificateArn validationRecordFqdns",
    sets="validationRecordFqdns",
    constraints={"certificateArn": arn},
    references={"certificateArn": Reference(tokens.CERTIFICATE, "arn", missing=_NO_CERTIFICATE)},
    rules=(_records_are_there,),
    source="hashicorp/terraform-provider-aws internal/service/acm/certificate_validation.go",
)

TYPES = (CERTIFICATE, CERTIFICATE_VALIDATION)
