"""Ingress: certificates that exist already, and hosted zones. Their names come from the stack file."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from preflight.account import Ask
from preflight.check import Finding, check, failure, ok, warning
from preflight.needs import Needs
from settings.core.problems import listed
from settings.ingress.ingress import CertificateSettings, IngressSettings, covers

GUIDE = "docs/guides/ingress/expose-a-service.md"
DAYS_LEFT = 30
"""ACM renews 60 days before the end, so a certificate with fewer days than this is one whose renewal does not work.

Source: ACM user guide, "Managed certificate renewal"; read 2026-11.
"""


def _certificates(ingress: IngressSettings | None) -> Iterator[tuple[str, str, CertificateSettings]]:
    """Yields door, its setting, and its certificate."""
    doors = {"internal": ingress.internal, "public": ingress.public} if ingress else {}
    for name, door in doors.items():
        if door and door.certificate:
            yield name, f"ingress.{name}.certificate", door.certificate


@check("Certificates", calls=("acm:DescribeCertificate",))
def certificates(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """A certificate that is named by its ARN is there, is valid for a while, and names the hosts of its door."""
    ingress = needs.settings.ingress
    for door, setting, given in _certificates(ingress):
        if ingress is None or given.arn is None:
            continue
        refused = "the load balancer refuses it, and the door has no listener"
        region, account = given.arn.split(":")[3:5]
        if (region, account) != (needs.settings.region, needs.account_id):
            yield failure(
                f"{setting}: {given.arn} is in {region} of account {account}",
                refused,
                f"Issue or import one in {needs.settings.region} of account {needs.account_id}, and write its ARN.",
            )
            continue
        gone = ("ResourceNotFoundException", "InvalidArnException")
        answer = ask("acm:DescribeCertificate", absent=gone, CertificateArn=given.arn)
        if answer is None:
            yield failure(
                f"{setting}: there is no {given.arn}",
                refused,
                "Write the ARN of one that is there:",
                f"aws acm list-certificates --region {region} "
                "--query 'CertificateSummaryList[].[CertificateArn,DomainName]'",
            )
            continue
        found = answer["Certificate"]
        status, end = found["Status"], found.get("NotAfter")
        names = list(dict.fromkeys((found["DomainName"], *found.get("SubjectAlternativeNames", ()))))
        hosts = sorted({route.host for route in ingress.routes.values() if route.door == door})
        strange = [host for host in hosts if not any(covers(name, host) for name in names)]
        days = (end - datetime.now(UTC)).days if end else None
        if status != "ISSUED":
            pending = status == "PENDING_VALIDATION"
            fix = "Make the records that ACM asks for, and wait." if pending else "Issue or import another one."
            yield failure(f"{setting}: {found['DomainName']} is {status}", refused, fix)
        elif strange:
            yield failure(
                f"{setting}: it is for {listed(names)}, and not for {listed(strange)}",
                "clients refuse the connection",
                "Take a certificate with these names, or other hosts.",
            )
        elif days is not None and days < DAYS_LEFT:
            by_hand = found.get("Type") == "IMPORTED"
            fix = "Import a new one under the same ARN." if by_hand else "See why ACM does not renew it:"
            yield warning(
                f"{setting}: {found['DomainName']} ends on {end:%Y-%m-%d}",
                f"in {days} days; every client refuses the connection then",
                fix,
                f"aws acm describe-certificate --region {region} --certificate-arn {given.arn} "
                "--query Certificate.RenewalSummary",
            )
        else:
            yield ok(f"{setting}: {found['DomainName']}" + (f", until {end:%Y-%m-%d}" if end else ""))


@check("Hosted zones", calls=("route53:GetHostedZone",))
def hosted_zones(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """Each zone is there and has the names that go into it. A certificate is only issued by a public one."""
    ingress = needs.settings.ingress
    if ingress is None:
        return
    wanted: dict[str, list[tuple[str, Sequence[str], bool]]] = {}
    for _, setting, given in _certificates(ingress):
        if given.zone_id:
            wanted.setdefault(given.zone_id, []).append((setting, given.names, True))
    for zone, domain in (ingress.dns.zones if ingress.dns else {}).items():
        wanted.setdefault(zone, []).append(("ingress.dns.zones", (domain,), False))
    for zone, uses in wanted.items():
        answer = ask("route53:GetHostedZone", absent=("NoSuchHostedZone",), Id=zone)
        if answer is None:
            yield failure(
                f"{', '.join(setting for setting, *_ in uses)}: this account has no hosted zone {zone}",
                "Route 53 takes no record, so no certificate is issued, and no host has an address",
                "Write the id of another one:",
                "aws route53 list-hosted-zones --query 'HostedZones[].[Id,Name]' --output text",
            )
            continue
        name, private = answer["HostedZone"]["Name"].rstrip("."), answer["HostedZone"]["Config"]["PrivateZone"]
        for use in uses:
            yield _zone(zone, name, private, *use)


def _zone(zone: str, domain: str, private: bool, setting: str, names: Sequence[str], proves: bool) -> Finding:
    """Judges one use of a zone that is there. proves: whether its records prove to ACM whose the names are."""
    outside = [each for each in names if not (each == domain or each.endswith(f".{domain}"))]
    if outside or (not proves and domain not in names):
        return failure(
            f"{setting}: {zone} is {domain}, and {listed(outside or names)} is not in it",
            "Route 53 takes no record of another domain",
            f"Write the zone of {listed(outside or names)}.",
        )
    if private and proves:
        return failure(
            f"{setting}: {zone} is a private zone",
            "ACM looks from the internet, finds no record and issues nothing: `up` waits in vain",
            f"Write the public zone of {domain}; a name in it may point at a private address: {GUIDE}.",
        )
    if private:
        return warning(
            f"{setting}: {domain} is a private zone",
            "its names have an address in the VPCs that it is associated with, and nowhere else",
            "Associate it with the VPCs of the clients, or take a public zone.",
        )
    return ok(f"{setting}: {domain}")
