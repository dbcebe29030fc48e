"""What the platform's own identities need in AWS: IAM documents of the role that previews, of the one that deploys, of
the boundary of the roles that it makes, and of the role for emergencies. Made from the resources of a preview.

The writes are held to the stack by the names that its resources have, by the tags that they carry or by the region,
whichever IAM has for the action. AWS evaluates none of these here, so a first `up` may find an action that is missing.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from catalog.provider_calls import CALLS, FUNCTIONS, NAMED, SERVICE_LINKED, WITHOUT_RESOURCE
from catalog.regions import REGIONS
from costs.resource import Resource
from report.dangers.danger import every
from report.properties import document
from report.tables import markdown
from settings.core.physical_names import name_prefix
from settings.stack.stack import StackSettings

Statement = dict[str, Any]
MOST = 6144
"""Characters of a managed policy, without spaces. Source: IAM user guide, "IAM and AWS STS quotas"; read 2026-11."""

ROLE, POLICY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
STATE_BUCKET, STATE_KEY = "STATE_BUCKET", "STATE_KEY"
"""Stand for names of the layer below, which no stack file has."""

_LINKED = "iam:CreateServiceLinkedRole"
_GRANTING = ("PutRolePolicy", "PutRolePermissionsBoundary")
_IAM = ("iam", "organizations", "account", "sts", "sso", "identitystore")
_ANYWHERE = ("iam:ListRoles", "sts:GetCallerIdentity", "tag:GetResources")
"""They read, take no resource, and are not of a region, or answer for all."""
_CLUSTER = "aws:eks/cluster:Cluster"


class _Where(NamedTuple):
    """Where the stack is. account: `*` where the stack file does not name it."""

    partition: str
    account: str
    regions: tuple[str, ...]
    prefix: str
    tags: Mapping[str, str]

    def arns(self, template: str, names: Iterable[str]) -> Iterator[str]:
        for region in self.regions if "{region}" in template else ("",):
            for name in names if "{name}" in template or "{cluster}" in template else ("",):
                yield template.format(
                    partition=self.partition, account=self.account, region=region, name=name, cluster=name
                )

    def condition(self, key: str = "") -> Statement:
        """Returns the regions of the stack as a condition. key: `RequestTag` or `ResourceTag`, for its tags as well."""
        tags = {f"aws:{key}/{tag}": value for tag, value in self.tags.items()} if key else {}
        return {"StringEquals": {"aws:RequestedRegion": list(self.regions), **tags}}


def _where(settings: StackSettings) -> _Where:
    role = settings.deployer.role_arn
    keys = {tag: settings.tag_keys.get(tag, tag) for tag in ("project", "environment")}
    return _Where(
        partition=REGIONS[settings.region].partition,
        account=settings.account_id or (role.split(":")[4] if role else "*"),
        regions=tuple(dict.fromkeys((settings.region, *settings.storage.copy_regions))),
        prefix=name_prefix(settings.name, settings.environment),
        tags={keys["project"]: settings.name, keys["environment"]: settings.environment},
    )


class _Identities:
    """The statements of each identity of a stack."""

    def __init__(self, resources: Iterable[Resource], settings: StackSettings) -> None:
        self._known = sorted(
            (each for each in resources if each.type.startswith("aws:")), key=lambda each: (each.type, each.urn)
        )
        self._settings, self._at = settings, _where(settings)
        self._types = sorted({each.type for each in self._known} & {*CALLS})
        self.unknown = sorted({each.type for each in self._known} - {*CALLS})
        self.roles = sorted(self._of(CALLS[ROLE].arns[0], ROLE))
        self.later = [each.name for each in self._known if each.type == POLICY and not _statements(each, "policy")]

    def _of(self, template: str, type_: str = "") -> set[str]:
        """Returns the ARNs of a template, by the names of the resources whose type has it."""
        sources = {kind for kind in NAMED if kind == type_ or (not type_ and self._shares(kind, template))}
        names = {self._pattern(each) for each in self._known if each.type in sources}
        return set(self._at.arns(template, sorted(names)))

    @staticmethod
    def _shares(kind: str, template: str) -> bool:
        if "{cluster}" in template:
            return kind == _CLUSTER
        return template in CALLS[kind].arns

    def _pattern(self, resource: Resource) -> str:
        """Returns what the name begins with, and `*`. Names with the stack's prefix are one pattern."""
        key = NAMED[resource.type]
        given = resource.inputs.get(key)
        if not isinstance(given, str) or key in resource.inputs.get("__defaults", ()):
            given = f"{resource.name}-*"  # of the provider: it puts random digits behind
        elif key == "zoneId":
            return given
        path = str(resource.inputs.get("path") or "/").removeprefix("/") if resource.type == ROLE else ""
        front, prefix, rest = f"{path}{given}".partition(self._at.prefix)
        return f"{front}{prefix}{rest[:1]}*" if prefix else f"{path}{given}"

    def reads(self) -> Iterator[Statement]:
        """Yields what looks at everything of the stack, and changes nothing."""
        by_name: dict[tuple[str, ...], set[str]] = {}
        asked = {action for actions in FUNCTIONS.values() for action in actions.split()}
        everywhere = {each for each in asked if _open(each) and each not in _ANYWHERE}
        for type_ in self._types:
            row = CALLS[type_]
            arns = tuple(sorted({arn for each in row.arns for arn in self._of(each)}))
            for action in _actions(row.service, row.reads):
                if _open(action) or row.by != "name":
                    everywhere.add(action)
                else:
                    by_name.setdefault(arns, set()).add(action)
        yield _allow("LookInTheRegion", everywhere, ["*"], self._at.condition())
        yield _allow("LookAnywhere", _ANYWHERE, ["*"])
        images = self._at.arns("arn:{partition}:ssm:{region}::parameter/aws/service/*", ())
        yield _allow("LookUpImages", ["ssm:GetParameter"], images)
        for arns, actions in by_name.items():
            yield _allow("", actions, arns)
        if clusters := sorted(self._of("arn:{partition}:eks:{region}:{account}:cluster/{cluster}")):
            yield _allow("LookForGroups", ["eks:ListNodegroups"], clusters)

    def writes(self) -> Iterator[Statement]:
        """Yields what makes, changes and deletes things of the stack."""
        at = self._at
        anywhere, new, own = set[str](), set[str](), dict[tuple[str, ...], set[str]]()
        named = dict[tuple[str, ...], set[str]]()
        keys = tuple(sorted(self._of(CALLS["aws:kms/key:Key"].arns[0])))
        for type_ in self._types:
            row = CALLS[type_]
            arns = tuple(sorted({arn for each in row.arns for arn in self._of(each)}))
            anywhere |= {*_actions(row.service, row.anywhere)}
            for action in _actions(row.service, row.creates):
                if row.by == "tag" or _open(action):
                    new.add(action)
                else:
                    named.setdefault(arns, set()).add(action)
            for action in _actions(row.service, row.changes):
                (named if row.by == "name" else own).setdefault(arns, set()).add(action)
            for action in row.also.split():
                if action.startswith("kms:"):
                    own.setdefault(keys, set()).add(action)
                elif action == "route53:GetChange":
                    named.setdefault((f"arn:{at.partition}:route53:::change/*",), set()).add(action)
                elif not action.startswith("iam:"):
                    anywhere.add(action)
        if anywhere:
            yield _allow("HeldToTheRegion", anywhere, ["*"], at.condition())
        if new:
            yield _allow("MakeWithTags", new, ["*"], at.condition("RequestTag"))
        for arns, actions in own.items():
            yield _allow("", actions, arns, at.condition("ResourceTag"))
        for arns, actions in named.items():
            yield from self._of_roles(actions) if set(arns) == set(self.roles) else [_allow("", actions, arns)]
        yield from self._linked()

    def _of_roles(self, actions: set[str]) -> Iterator[Statement]:
        """Yields the rights on roles. Those that give rights ask for the boundary, where there is one."""
        boundary = self._settings.deployer.permissions_boundary_arn
        bound = {"iam:PermissionsBoundary": boundary} if boundary else {}
        own = {f"aws:ResourceTag/{tag}": value for tag, value in self._at.tags.items()}
        new = {f"aws:RequestTag/{tag}": value for tag, value in self._at.tags.items()}
        policies = {"ArnEquals": {"iam:PolicyARN": self.attached()}}
        for sid, chosen, condition in (
            ("MakeRoles", {"iam:CreateRole"}, {"StringEquals": {**new, **bound}}),
            ("TagRoles", {"iam:TagRole", "iam:UntagRole"}, None),  # also of one that has no tags yet
            ("AttachToRoles", {"iam:AttachRolePolicy"}, {"StringEquals": {**own, **bound}, **policies}),
            ("GiveRightsToRoles", {f"iam:{each}" for each in _GRANTING}, {"StringEquals": {**own, **bound}}),
            ("ChangeRoles", actions, {"StringEquals": own}),
        ):
            if found := actions & chosen:
                yield _allow(sid, found, self.roles, condition)
            actions = actions - chosen
        services = sorted({"eks.amazonaws.com", *self._trusted()})
        yield _allow("PassRoles", ["iam:PassRole"], self.roles, {"StringEquals": {"iam:PassedToService": services}})

    def attached(self) -> list[str]:
        """Returns the managed policies that roles of the stack have."""
        found = (each.inputs.get("policyArn") for each in self._known if each.type == ATTACHMENT)
        return sorted({each for each in found if isinstance(each, str)})

    def _trusted(self) -> Iterator[str]:
        """Yields the services that roles of the stack trust."""
        for each in self._known:
            for statement in _statements(each, "assumeRolePolicy") if each.type == ROLE else ():
                given = statement.get("Principal", {}).get("Service", [])
                yield from [given] if isinstance(given, str) else given

    def _linked(self) -> Iterator[Statement]:
        services = sorted({SERVICE_LINKED[each] for each in self._types if each in SERVICE_LINKED})
        arns = [f"arn:{self._at.partition}:iam::{self._at.account}:role/aws-service-role/{each}/*" for each in services]
        if services:
            named = {"StringEquals": {"iam:AWSServiceName": services}}
            yield _allow("MakeRolesOfServices", [_LINKED], arns, named)
        if lustre := [arn for arn in arns if "s3.data-source.lustre" in arn]:
            yield _allow("FillTheRoleOfLustre", ["iam:AttachRolePolicy", "iam:PutRolePolicy"], lustre)

    def guards(self) -> Iterator[Statement]:
        """Yields what the deployer may never do, whatever else it is given: change its own rights and limits."""
        deployer, at = self._settings.deployer, self._at
        own = [each for each in (deployer.role_arn, deployer.preview_role_arn) if each]
        own += sorted(
            str(entry.principal_arn)
            for cluster in self._settings.clusters.values()
            for entry in cluster.access.values()
        )
        acts = ("AttachRolePolicy", "DetachRolePolicy", "PutRolePolicy", "DeleteRolePolicy", "UpdateAssumeRolePolicy")
        if own:
            yield {**_allow("NotTheseRoles", _actions("iam", " ".join((*acts, "DeleteRole"))), own), "Effect": "Deny"}
        if boundary := deployer.permissions_boundary_arn:
            changes = _actions("iam", "CreatePolicyVersion DeletePolicy DeletePolicyVersion SetDefaultPolicyVersion")
            yield {**_allow("NotTheBoundary", changes, [boundary]), "Effect": "Deny"}
            anyone = [f"arn:{at.partition}:iam::{at.account}:role/*"]
            yield {**_allow("NoRoleWithoutIt", ["iam:DeleteRolePermissionsBoundary"], anyone), "Effect": "Deny"}

    def boundary(self) -> Iterator[Statement]:
        """Yields the most that a role of the stack may ever do: nothing about identities but what its roles do now."""
        others = [f"{service}:*" for service in _IAM]
        yield {"Sid": "AllButIdentities", "Effect": "Allow", "NotAction": others, "Resource": "*"}
        for resource in self._known:
            for statement in _statements(resource, "policy") if resource.type == POLICY else ():
                actions = [each for each in every(statement, "Action") if each.partition(":")[0] in _IAM]
                if set(actions) - {_LINKED} and statement.get("Effect") == "Allow":
                    yield {**{key: value for key, value in statement.items() if key != "Sid"}, "Action": actions}
        # What AWS's own policies of these roles do: EKS and its load balancers make roles of services, and AWS Backup
        # passes roles to what it restores.
        linked = f"arn:{self._at.partition}:iam::{self._at.account}:role/aws-service-role/*"
        yield _allow("RolesOfServices", [_LINKED], [linked])
        yield _allow("PassOwnRoles", ["iam:GetRole", "iam:PassRole"], self.roles)

    def emergency(self) -> Iterator[Statement]:
        """Yields what somebody needs who gets into the clusters by an access entry, and reads the state."""
        arns = sorted(self._of("arn:{partition}:eks:{region}:{account}:cluster/{cluster}"))
        yield _allow("FindTheClusters", ["eks:ListClusters"], ["*"], self._at.condition())
        if arns:
            yield _allow("EnterTheClusters", ["eks:DescribeCluster", "eks:ListAccessEntries"], arns)

    def state(self, write: bool) -> Iterator[Statement]:
        """Yields the rights on the state of Pulumi in a bucket of the layer below."""
        bucket = f"arn:{self._at.partition}:s3:::{STATE_BUCKET}"
        key = f"arn:{self._at.partition}:kms:{self._at.regions[0]}:{self._at.account}:key/{STATE_KEY}"
        yield _allow("ListState", ["s3:ListBucket", "s3:GetBucketLocation"], [bucket])
        more, keys = ("s3:PutObject", "s3:DeleteObject"), ("kms:Encrypt", "kms:GenerateDataKey")
        yield _allow("ReadState", ["s3:GetObject", *(more if write else ())], [f"{bucket}/*"])
        yield _allow("DecryptState", ["kms:Decrypt", *(keys if write else ())], [key])


def _statements(resource: Resource, key: str) -> list[Any]:
    """Returns the statements of a document; none of one that only `up` knows."""
    content = document(resource.inputs.get(key))
    return list(every(content, "Statement")) if isinstance(content, Mapping) else []


def _actions(service: str, names: str) -> list[str]:
    return [f"{service}:{each}" for each in names.split()]


def _open(action: str) -> bool:
    return action in WITHOUT_RESOURCE or action.startswith(("ec2:Describe", "ec2:Get"))


def _allow(sid: str, actions: Iterable[str], resources: Iterable[str], condition: Statement | None = None) -> Statement:
    found: Statement = {"Effect": "Allow", "Action": sorted(actions), "Resource": list(resources)}
    return {**({"Sid": sid} if sid else {}), **found, **({"Condition": condition} if condition else {})}


def _packed(statements: Iterable[Statement]) -> Iterator[str]:
    """Yields documents that each fit into a managed policy. A statement that is too long alone goes into several."""
    held: list[Statement] = []
    for statement in (part for each in statements for part in _parts(each)):
        if held and _size([*held, statement]) > MOST:
            yield _text(held)
            held = []
        held.append(statement)
    if held:
        yield _text(held)


def _parts(statement: Statement) -> Iterator[Statement]:
    actions: Sequence[str] = statement.get("Action", ())
    if _size([statement]) <= MOST or len(actions) < 2:
        yield statement
        return
    half = len(actions) // 2
    for number, part in enumerate((actions[:half], actions[half:]), 1):
        sid = {"Sid": f"{statement['Sid']}{number}"} if "Sid" in statement else {}
        yield from _parts({**statement, **sid, "Action": part})


def _size(statements: Sequence[Statement]) -> int:
    return len("".join(_text(statements).split()))


def _text(statements: Sequence[Statement]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=1) + "\n"


def documents(resources: Iterable[Resource], settings: StackSettings) -> dict[str, str]:
    """Returns the name of each file and its IAM document."""
    made = _Identities(resources, settings)
    parts = {
        "preview": (*made.reads(), *made.state(write=False)),
        "deployer": (*made.reads(), *made.writes(), *made.guards(), *made.state(write=True)),
        "boundary": tuple(_once(made.boundary())),
        "break-glass": (*made.emergency(), *made.state(write=False)),
    }
    return {
        f"identity-{name}-{number}.json": text
        for name, statements in parts.items()
        for number, text in enumerate(_packed(statements), 1)
    }


def _once(statements: Iterable[Statement]) -> Iterator[Statement]:
    seen = set[str]()
    for each in statements:
        text = json.dumps(each, sort_keys=True)
        if text not in seen:
            seen.add(text)
            yield each


def as_markdown(resources: Iterable[Resource], settings: StackSettings, stack: str) -> str:
    """Returns the page that says who gets which document."""
    known_ = tuple(resources)
    made, files = _Identities(known_, settings), documents(known_, settings)
    deployer = settings.deployer
    boundary = deployer.permissions_boundary_arn
    entries = [
        f"{entry.principal_arn} in {key}"
        for key, cluster in settings.clusters.items()
        for entry in cluster.access.values()
        if entry.policy == "cluster-admin"
    ]
    who = (
        ("preview", deployer.preview_role_arn or "deployer.preview_role_arn is not set", "reads, and changes nothing"),
        ("deployer", deployer.role_arn or "deployer.role_arn is not set", "makes, changes and deletes what is here"),
        ("boundary", boundary or "deployer.permissions_boundary_arn is not set", "what no role of the stack may pass"),
        (
            "break-glass",
            ", ".join(entries) or "no entry with policy: cluster-admin",
            "enters clusters, reads the state",
        ),
    )
    rows = [
        (name, arn, what, ", ".join(file for file in files if file.startswith(f"identity-{name}-")))
        for name, arn, what in who
    ]
    lines = [
        f"# The platform's own identities in {stack}",
        "",
        "Made from what the stack builds: make the documents anew when a team, a cluster or a kind of resource comes.",
        f"`{STATE_BUCKET}` and `{STATE_KEY}` stand for the bucket and the key of Pulumi's state.",
        "",
        *markdown(("Identity", "Principal", "What it does", "Documents"), rows),
        "",
    ]
    if boundary is None:
        lines += [
            "**Without a boundary, who deploys may do everything:** a role that it makes may have any rights, and pods",
            "or machines use it. docs/guides/security/identities.md says how to set one.",
            "",
        ]
    if made.unknown:
        lines += [f"Not covered, so the deployer lacks rights for: {', '.join(made.unknown)}.", ""]
    if made.later:
        lines += [f"Not known before `up`, so the boundary may lack something of them: {', '.join(made.later)}.", ""]
    return "\n".join(lines)
