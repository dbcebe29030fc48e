"""ACM: certificates, and the wait until they are issued. Tokens `aws:acm/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the ACM API model of botocore 1.44.8;
read 2026-11. Wordings of AWS without a source of their own are unverified.
"""

from __future__ import annotations

from catalog.known_quotas import CERTIFICATES
from catalog.load_balancers import FIRST_NAME_LENGTH, NAMES_PER_CERTIFICATE
from simulator.aws import tokens
from simulator.aws.constraints import arn, every, length, matches, one_of
from simulator.aws.messages import AwsError, ErrorTemplate, ProviderError, Service
from simulator.aws.model import CascadeDelete, Quota, Reference, ResourceType, Use
from simulator.aws.operation_context import OperationContext
from simulator.aws.services.refusals import refuse
from simulator.aws.templates import pseudo_random
from simulator.cloud import CloudResource

ACM = Service("ACM")

_NAMES_QUOTA = "L-FB94F0B0"  # domain names per certificate
_DOMAIN = every(
    length(1, 253),
    matches(
        r"(\*\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])",
        "a domain name without a period at its end; * only as the first label",
    ),
)


def _names(op: OperationContext) -> list[str]:
    first = op.get("domainName")
    return list(dict.fromkeys([*([first] if first else []), *op.get("subjectAlternativeNames", [])]))


def _validation(op: OperationContext, name: str) -> dict[str, str]:
    """Returns the record that proves a name: one for a name and its wildcard, the same for all of an account.

    Sources: ACM API, DomainValidation (the form of the name); hashicorp/terraform-provider-aws, issue 13653 (the same
    record for certificates of several regions); read 2026-11. Unverified: the form of the value.
    """
    domain = name.removeprefix("*.").lower()
    label, value, zone = (
        pseudo_random(kind, digits, f"{op.account} {domain} {part}")
        for kind, digits, part in (("hex", 32, "name"), ("hex", 32, "value"), ("alnum", 10, "zone"))
    )
    return {
        "domainName": name,
        "resourceRecordName": f"_{label}.{domain}.",
        "resourceRecordType": "CNAME",
        "resourceRecordValue": f"_{value}.{zone}.acm-validations.aws.",
    }


def _by_dns(op: OperationContext) -> bool:
    return bool(op.get("validationMethod") == "DNS")


def _type(op: OperationContext) -> str:
    if op.inputs.get("certificateAuthorityArn"):
        return "PRIVATE"
    return "AMAZON_ISSUED" if op.inputs.get("domainName") else "IMPORTED"


def _not_too_many_names(op: OperationContext) -> None:
    """Source of the words: hashicorp/terraform-provider-aws, issue 35825; read 2026-11."""
    if len(_names(op)) > op.limit(_NAMES_QUOTA, NAMES_PER_CERTIFICATE):
        raise AwsError("LimitExceededException", "Certificate has too many domains.")


def _has_a_way_to_be_issued(op: OperationContext) -> None:
    if op.get("domainName") and not (op.get("certificateAuthorityArn") or op.get("validationMethod")):
        raise ProviderError(
            "`certificate_authority_arn` or `validation_method` must be set when creating an ACM certificate",
            whole=True,
        )


def _certificate(op: OperationContext) -> CloudResource | None:
    return op.cloud.get(tokens.CERTIFICATE, op.get("certificateArn"), op.region)


def _records_prove_the_names(op: OperationContext) -> None:
    """Every record must exist, in whatever zone: the simulator takes the zone of a record for the one of its name."""
    row = _certificate(op)
    if row is None or op.call.preview:
        return
    start = f"ACM Certificate ({row.id})"
    if row.state["type"] != "AMAZON_ISSUED":
        raise ProviderError(f"{start} has type {row.state['type']}, no validation necessary", whole=True)
    options = row.state["domainValidationOptions"]
    told = [each.rstrip(".") for each in op.get("validationRecordFqdns", [])]
    if told and not options:
        raise ProviderError("validation_record_fqdns is not valid for EMAIL validation", whole=True)
    untold = {each["resourceRecordName"].rstrip("."): each["domainName"] for each in options}
    missing = [f"missing {name} DNS validation record: {fqdn}" for fqdn, name in untold.items() if fqdn not in told]
    if told and missing:
        raise ProviderError("\n".join(missing), whole=True)
    proven = {
        (record.state["fqdn"], value.rstrip("."))
        for record in op.cloud.of_type(tokens.RECORD)
        if record.state["type"] == "CNAME"
        for value in record.state.get("records") or ()
    }
    unproven = [
        each["domainName"]
        for each in options
        if tuple(each[f"resourceRecord{part}"].rstrip(".") for part in ("Name", "Value")) not in proven
    ]
    if unproven or not options:
        raise ProviderError(
            f"waiting for {start} to be issued: timeout while waiting for state to become 'ISSUED' "
            f"(last state: 'PENDING_VALIDATION', timeout: 1h15m0s). No record proves {', '.join(unproven)}",
            whole=True,
        )


def _issue(op: OperationContext) -> None:
    row = _certificate(op)
    if row is not None:
        op.cloud.put(row.type, row.id, {**row.state, "status": "ISSUED"}, row.urn)


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
    replace_on="certificateAuthorityArn domainName keyAlgorithm subjectAlternativeNames validationMethod "
    "validationOptions validationOptions[*].domainName validationOptions[*].validationDomain",
    one_of=("domainName privateKey",),
    conflicts=(
        "domainName certificateBody",
        "domainName certificateChain",
        "validationMethod certificateAuthorityArn",
        "validationMethod privateKey",
        "validationMethod earlyRenewalDuration",
        "certificateAuthorityArn privateKey",
        "earlyRenewalDuration privateKey",
        "keyAlgorithm privateKey",
        "subjectAlternativeNames privateKey",
        "validationOptions privateKey",
    ),
    needs=("certificateBody privateKey",),
    sets="subjectAlternativeNames validationOptions",
    defaults={"options.certificateTransparencyLoggingPreference": "ENABLED"},
    aws_defaults={
        "domainName": "",
        "keyAlgorithm": "RSA_2048",
        "options.export": "DISABLED",
        "subjectAlternativeNames": _names,
        "validationMethod": "NONE",
    },
    computed={
        "arn": "{id}",
        "domainValidationOptions": lambda op: (
            [_validation(op, name) for name in sorted(_names(op))] if _by_dns(op) else []
        ),
        "notAfter": "",
        "notBefore": "",
        "pendingRenewal": False,
        "renewalEligibility": "INELIGIBLE",
        "renewalSummaries": [],
        "status": lambda op: "PENDING_VALIDATION" if _type(op) == "AMAZON_ISSUED" else "ISSUED",
        "type": _type,
        "validationEmails": [],
    },
    constraints={
        "certificateAuthorityArn": arn,
        "domainName": _DOMAIN,
        "keyAlgorithm": one_of(
            *("EC_prime256v1", "EC_secp384r1", "EC_secp521r1"), *("RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096")
        ),
        "options.certificateTransparencyLoggingPreference": one_of("ENABLED", "DISABLED"),
        "options.export": one_of("ENABLED", "DISABLED"),
        "subjectAlternativeNames[*]": _DOMAIN,
        "validationMethod": one_of("EMAIL", "DNS", "HTTP"),
    },
    not_found=ErrorTemplate("ResourceNotFoundException", "Could not find certificate {value}."),
    quotas=(
        # AWS counts private and imported certificates apart. Source of the words: convox/rack, issue 2387; read 2026-11
        Quota(
            *CERTIFICATES.limit,
            ErrorTemplate(
                "LimitExceededException",
                "Cannot request more certificates in this account. Contact Customer Service for details.",
            ),
        ),
    ),
    rules=(
        _has_a_way_to_be_issued,
        _not_too_many_names,
        refuse(
            "InvalidParameterException",
            f"The first domain name can be no longer than {FIRST_NAME_LENGTH} characters.",
            lambda op: len(op.get("domainName", "")) > FIRST_NAME_LENGTH,
        ),
    ),
    used_by=(
        Use(
            tokens.LOAD_BALANCER,
            "Certificates[*]",
            # Source of the words: dfds/infrastructure-modules, issue 5; read 2026-11
            ErrorTemplate("ResourceInUseException", "Certificate {id} in account {account} is in use."),
            retried=True,
        ),
    ),
    cascade_deletes=(CascadeDelete(tokens.CERTIFICATE_VALIDATION, "certificateArn"),),
    untold="earlyRenewalDuration privateKey privateKeyWo privateKeyWoVersion",
    source="hashicorp/terraform-provider-aws internal/service/acm/certificate.go",
)

CERTIFICATE_VALIDATION = ResourceType(
    type=tokens.CERTIFICATE_VALIDATION,
    service=ACM,
    creates="DescribeCertificate",
    display_name="ACM Certificate",
    creating="reading ACM Certificate ({certificateArn})",
    id="{alnum24}",  # the provider's is a time, the same for all that it waited for
    required="certificateArn",
    replace_on="certificateArn validationRecordFqdns",
    sets="validationRecordFqdns",
    references={"certificateArn": Reference(tokens.CERTIFICATE)},
    rules=(_records_prove_the_names,),
    companions=_issue,
    source="hashicorp/terraform-provider-aws internal/service/acm/certificate_validation.go",
)

TYPES = (CERTIFICATE, CERTIFICATE_VALIDATION)
