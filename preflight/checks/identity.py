"""Who looks, in which regions, and whether the principals of the stack file exist."""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from catalog.regions import REGIONS
from components.security.deployer import Deployer
from preflight.account import Ask, CouldNotLookError
from preflight.check import Finding, check, failure, ok, warning
from preflight.needs import Needs, expected_account, home_of
from settings.stack.stack import StackSettings

IDENTITY = "sts:GetCallerIdentity"


@check("Caller", calls=(IDENTITY, "iam:GetRole"))
def caller(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """The account of the credentials is that of the stack file, and the run may become the role that deploys."""
    identity = ask(IDENTITY)
    arn, region = identity["Arn"], needs.settings.region
    if arn.split(":")[1] != REGIONS[region].partition:
        yield failure(
            f"the credentials are of partition {arn.split(':')[1]}",
            f"{region} is in {REGIONS[region].partition}, where they are worth nothing",
            fix="Use credentials of an account of that partition.",
        )
    named = expected_account(needs.settings)
    if named is None:
        yield warning(
            f"no setting names the account; these credentials are of {identity['Account']}",
            "with other credentials, `up` would build in another account",
            command=f"pulumi config set ml-platform:account_id {identity['Account']} --stack {needs.stack}",
        )
    elif named[0] == identity["Account"]:
        yield ok(f"account {named[0]}, as {named[1]} says")
    if arn.endswith(":root"):
        yield warning("these are the credentials of the root user", "no policy limits them", "Use a role.")
    role, preview = needs.settings.deployer.role_arn, needs.settings.deployer.preview_role_arn
    if role and Deployer.of(role, preview, arn).assumed:
        yield from _trusted(ask("iam:GetRole", absent=("NoSuchEntity",), RoleName=role.rpartition("/")[2]), role, arn)


def _trusted(answer: Any, role: str, caller: str) -> Iterator[Finding]:
    """Tells whether the trust policy of the role lets the caller in. Another check says whether the role exists."""
    if answer is None:
        return
    found = answer["Role"].get("AssumeRolePolicyDocument") or {}
    statements = [each for each in _list(found.get("Statement")) if _is_about(each, caller)]
    allowed = [each for each in statements if each["Effect"] == "Allow"]
    denied = [each for each in statements if each["Effect"] == "Deny"]
    certain = [each for each in allowed if not each.get("Condition")]
    where = f"aws iam get-role --role-name {role.rpartition('/')[2]} --query Role.AssumeRolePolicyDocument"
    refused = any(not each.get("Condition") for each in denied)
    if refused or not allowed:
        yield warning(
            f"the trust policy of {role} "
            + ("denies the caller" if refused else "names neither the caller nor the account"),
            "`up` cannot take it on with these credentials",
            f"Let it name {caller}, or run `up` as somebody whom it names.",
            where,
        )
    elif denied or not certain:
        yield warning(
            f"{role} trusts the caller under conditions",
            "`up` cannot take it on where they do not hold, and only STS knows",
            "Compare them with how you run `up`:",
            where,
        )
    else:
        yield ok(f"`up` takes on {role}, which trusts the caller, or all whom IAM gives the right to")


def _is_about(statement: Mapping[str, Any], caller: str) -> bool:
    """Tells whether a statement of a trust policy is about the caller and sts:AssumeRole."""
    actions = [each.lower() for each in _list(statement.get("Action", statement.get("NotAction")))]
    named = statement.get("Principal", statement.get("NotPrincipal", {}))
    named = _list(named.get("AWS") if isinstance(named, Mapping) else named)
    about = any(fnmatchcase("sts:assumerole", each) for each in actions) == ("Action" in statement)
    return about and any(_is_caller(each, caller) for each in named) == ("Principal" in statement)


def _is_caller(principal: str, caller: str) -> bool:
    """Tells whether a principal is the caller, its role, or its account.

    A session's ARN lacks the path of its role. An account has one user and one role of a name, whatever their paths.
    A principal that is a session is no other session of its role.
    """
    account = caller.split(":")[4]
    if ":assumed-role/" in principal:
        return principal == caller
    return principal in ("*", account, caller) or (_named(principal) in (("root", account, ""), _named(caller)))


def _named(arn: str) -> tuple[str, str, str]:
    """Returns kind, account and name of a principal. A session counts as its role."""
    parts = arn.split(":", 5)
    kind, *path = parts[-1].split("/")
    if kind == "assumed-role":
        return "role", parts[4], path[0]
    return kind, parts[4] if len(parts) == 6 else "", path[-1] if path else ""


def _list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def region_is_off(settings: StackSettings, ask: Ask) -> Finding | None:
    """Returns that the region is off, if only it does not know the credentials: a region that is off knows none."""
    home = home_of(REGIONS[settings.region].partition)
    try:
        ask(IDENTITY, region=home)
    except CouldNotLookError:
        return None
    return None if settings.region == home else _off(settings.region, "off, or does not know these credentials")


def _off(region: str, how: str) -> Finding:
    return failure(
        f"{region} is {how}",
        "every call to it is refused; turning it on takes minutes to hours",
        command=f"aws account enable-region --region-name {region}",
    )


@check("Regions", calls=("ec2:DescribeRegions",))
def regions(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """Each region of the stack is on in the account."""
    found = ask("ec2:DescribeRegions", AllRegions=True)["Regions"]
    status = {each["RegionName"]: each.get("OptInStatus", "opt-in-not-required") for each in found}
    for region in needs.regions:
        if status.get(region) in ("opt-in-not-required", "opted-in"):
            yield ok(f"{region} is on")
        else:
            yield _off(region, status.get(region, "unknown here"))


@check("IAM principals", calls=("iam:GetRole", "iam:GetUser"))
def principals(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """Roles and users that the stack file names exist: EKS refuses an access entry of any other, and ECR a policy."""
    deployer = needs.settings.deployer
    named = {"deployer.role_arn": deployer.role_arn, "deployer.preview_role_arn": deployer.preview_role_arn}
    for key, cluster in needs.settings.clusters.items():
        named |= {f"clusters.{key}.access.{name}": entry.principal_arn for name, entry in cluster.access.items()}
    for index, team in enumerate(needs.settings.teams):
        named |= {f"teams[{index}].members.{name}": member.principal_arn for name, member in team.members.items()}
        named |= {f"teams[{index}].pushers[{place}]": arn for place, arn in enumerate(team.pushers)}
    for setting, arn in named.items():
        if arn is None:
            continue
        account, resource = arn.split(":", 5)[4:]
        kind, _, path = resource.partition("/")
        name = path.rpartition("/")[2]
        if account != needs.account_id:
            yield ok(f"{setting}: {arn} is of another account, which answers for it")
            continue
        called, parameter = ("iam:GetUser", "UserName") if kind == "user" else ("iam:GetRole", "RoleName")
        answer = ask(called, absent=("NoSuchEntity",), **{parameter: name})
        present = answer and answer["User" if kind == "user" else "Role"]["Arn"]
        if present == arn:
            yield ok(f"{setting}: {arn}")
        elif present:
            yield failure(f"{setting}: {name} has another path", f"AWS knows no {arn}", f"Write {setting}: {present}")
        else:
            deploys, pushes = setting == "deployer.role_arn", ".pushers[" in setting
            refused = "ECR refuses a policy that names it" if pushes else "EKS refuses an entry for it"
            path = f"--path /{path.rpartition('/')[0]}/ " if "/" in path else ""
            yield failure(
                f"{setting}: there is no {kind} {name}",
                "`up` has to become it first" if deploys else f"{refused}, and `up` stops half-way",
                f"Write another one in {setting}, or make it" + (", and give it what `up` needs:" if deploys else ":"),
                f"aws iam create-{kind} --{kind}-name {name} {path}"
                + (f"--assume-role-policy-document '{_trust(needs)}'" if kind == "role" else ""),
            )


@check("Permissions boundary", calls=("iam:GetPolicy",))
def boundary(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """The boundary of the stack's roles exists."""
    arn = needs.settings.deployer.permissions_boundary_arn
    if arn is None:
        return
    if ask("iam:GetPolicy", absent=("NoSuchEntity",), PolicyArn=arn):
        yield ok(f"deployer.permissions_boundary_arn: {arn}")
    else:
        yield failure(
            f"deployer.permissions_boundary_arn: there is no policy {arn.rpartition('/')[2]}",
            "IAM refuses each role of the stack",
            "Make it from the documents identity-boundary of `make report`: docs/guides/security/identities.md",
        )


def _trust(needs: Needs) -> str:
    """Returns a trust policy for everybody in the account to whom IAM gives the right to take on the role."""
    statement = {"Effect": "Allow", "Principal": {"AWS": needs.stage.iam_arn("root")}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
