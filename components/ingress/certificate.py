"""The certificate of a door: an existing one, or one that ACM issues and renews while its records stay.

Source: AWS Certificate Manager user guide, "DNS validation", "Managed certificate renewal"; read 2026-11.
"""

import pulumi
import pulumi_aws as aws

from settings.ingress.ingress import CertificateSettings

Records = dict[tuple[str, str], aws.route53.Record]
"""Zone and domain -> the record that proves it, for all certificates of the account."""


def certificate_arn(
    name: str, settings: CertificateSettings | None, records: Records, opts: pulumi.ResourceOptions
) -> pulumi.Input[str] | None:
    """Returns the ARN of a certificate that is issued; None without settings. It adds the records that prove it."""
    if settings is None or settings.arn is not None:
        return settings.arn if settings else None
    first, *others = settings.names
    certificate = aws.acm.Certificate(
        name, domain_name=first, subject_alternative_names=others or None, validation_method="DNS", opts=opts
    )
    # A name and its wildcard are proven by one record, so there is one for each name without `*.`. How many there are
    # is known before ACM has told what is in them.
    proofs = []
    for domain in dict.fromkeys(each.removeprefix("*.") for each in settings.names):
        key = settings.zone_id or "", domain
        if key not in records:
            records[key] = _record(f"certificate-{settings.zone_id}-{domain}", certificate, domain, settings, opts)
        proofs.append(records[key].fqdn)
    validated = aws.acm.CertificateValidation(
        name, certificate_arn=certificate.arn, validation_record_fqdns=proofs, opts=opts
    )
    arn: pulumi.Output[str] = validated.certificate_arn
    return arn


def _record(
    name: str,
    certificate: aws.acm.Certificate,
    domain: str,
    settings: CertificateSettings,
    opts: pulumi.ResourceOptions,
) -> aws.route53.Record:
    option = certificate.domain_validation_options.apply(
        lambda options: next(each for each in options if (each.domain_name or "").removeprefix("*.") == domain)
    )
    return aws.route53.Record(
        name,
        zone_id=settings.zone_id or "",
        name=option.apply(lambda each: each.resource_record_name or ""),
        type="CNAME",
        records=[option.apply(lambda each: each.resource_record_value or "")],
        ttl=300,
        allow_overwrite=True,  # a second certificate for the name, in another stack, has the same record
        # and would not be renewed without it. It proves nothing once no certificate asks.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(retain_on_delete=True)),
    )
