"""What the platform's own identities need in AWS: IAM documents of the role that previews, of the one that deploys, of
the boundary of the roles that it makes, and of the role for emergencies. Made from the resources of a preview.

The writes are held to the stack by the names that its resources have, by the tags that they carry or by the region,
whichever IAM has for the action. AWS evaluates none of these here, so a first `up` may find an action that is missing.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from catalog.iam import POLICY_ACTIONS
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
FILES = "aws:efs/fileSystemPolicy:FileSystemPolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
STATE_BUCKET, STATE_KEY = "STATE_BUCKET", "STATE_KEY"
"""Stand for names of the layer below, which no stack file has."""

_OF_A_STACK = ("stacks/{}.json*", "stacks/{}.pulumi-tags", "history/{}/*", "backups/{}/*")
_LOCKS, _META = "locks/organization/{}/*", "meta.yaml"
"""Objects of Pulumi's state below `.pulumi/`, `{}` for project and stack. `.json*` has compressed ones and copies too.

Source: pulumi v3.259.0, pkg/backend/diy, store.go, state.go, stack_tags.go, lock.go and meta.go; read 2026-11.
"""

_LINKED = "iam:CreateServiceLinkedRole"
_GRANTING = ("PutRolePolicy", "PutRolePermissionsBoundary")
_IDENTITY = ("iam", "sts")
_OF_NO_REGION = ("pricing", "route53", "shield")
"""Services whose requests go to one region for all, or to none; besides those about identities."""
_ANYWHERE = ("iam:ListRoles", "sts:GetCallerIdentity", "tag:GetResources")
"""They read, take no resource, and are not of a region, or answer for all."""
_CLUSTER = "aws:eks/cluster:Cluster"
_NOT_OF_A_THING = (POLICY, "aws:ec2/vpcEndpoint:VpcEndpoint", "aws:sns/topicPolicy:TopicPolicy", FILES)
"""Their `policy` gives no role rights on a thing: it is of a role, a filter, or for services. Files have `_MOUNTS`."""
_MOUNTS = "ClientMount ClientWrite"
_ANY_FILES = "arn:{partition}:elasticfilesystem:*:{account}:file-system/*"
"""Who mounts needs these, whatever of a file system's policy is known; EFS promises no key of the region for mounts.

Source: EFS user guide, "Using IAM to control access to file systems", condition keys for clients; read 2026-11.
"""


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
        return {"StringEquals": {"aws:RequestedRegion": list(self.regions), **self.tagged(key)}}

    def tagged(self, key: str) -> Mapping[str, str]:
        return {f"aws:{key}/{tag}": value for tag, value in self.tags.items()} if key else {}

    def untagged(self) -> Statement:
        """Returns the condition that a thing has none of the tags yet: AWS makes it, or it is nobody's."""
        return {"Null": dict.fromkeys(self.tagged("ResourceTag"), "true")}

    def pattern(self, name: str) -> str:
        """Returns what a name begins with, and `*`, where it has the stack's prefix: these are one pattern."""
        front, prefix, rest = name.partition(self.prefix)
        return f"{front}{prefix}{rest[:1]}*" if prefix else name


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


_Alike = tuple[bool, tuple[str, ...]]
"""What statements have in common: whether their services know no region, and the things that they are about."""


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
        unread = {each.name for each in self._known if each.type == POLICY and not _statements(each, "policy")}
        unread |= {each.name for each in self._known if _unread(each)}
        self.later = sorted(unread) + [each for each in self.attached() if _name(each) not in POLICY_ACTIONS]

    def _of(self, template: str, type_: str = "") -> set[str]:
        """Returns the ARNs of a template, by the names of the resources whose type has it."""
        sources = {kind for kind in NAMED if kind == type_ or (not type_ and self._shares(kind, template))}
        names = {self._pattern(each) for each in self._known if each.type in sources}
        return set(self._at.arns(template, sorted(names)))

    def _forced(self, type_: str) -> Iterator[str]:
        """Yields the ARNs of what is deleted together with things that have `forceDestroy`."""
        known = (each for each in self._known if each.type == type_ and each.inputs.get("forceDestroy") is True)
        if names := sorted({self._pattern(each) for each in known}):
            for template in CALLS[type_].inside:
                yield from self._at.arns(template, names)

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
        return self._at.pattern(f"{path}{given}")

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
        anywhere, new, tags = set[str](), set[str](), defaultdict[tuple[str, ...], set[str]](set)
        own, named = (defaultdict[tuple[str, ...], set[str]](set) for _ in range(2))
        keys = tuple(sorted(self._of(CALLS["aws:kms/key:Key"].arns[0])))
        for type_ in self._types:
            row = CALLS[type_]
            arns = tuple(sorted({arn for each in row.arns for arn in self._of(each)}))
            anywhere |= {*_actions(row.service, row.anywhere)}
            for action in _actions(row.service, row.creates):
                if row.by == "tag" or _open(action):
                    new.add(action)
                else:
                    named[arns].add(action)
            for action in _actions(row.service, f"{row.changes} {row.tags}"):
                (named if row.by == "name" else own)[arns].add(action)
            for action in _actions(row.service, row.tags):
                tags[arns].add(action)
            if forced := tuple(self._forced(type_)):
                (named if "{name}" in row.inside[0] else own)[forced] |= {*_actions(row.service, row.forced)}
            for action in row.also.split():
                service, _, call = action.partition(":")
                if service == "kms":
                    own[keys].add(action)
                elif service == "route53":
                    kind = "change" if call == "GetChange" else "hostedzone"
                    named[(f"arn:{at.partition}:route53:::{kind}/*",)].add(action)
                elif service == "lambda":
                    named[tuple(self._functions(type_))].add(action)
                elif service != "iam":
                    anywhere.add(action)
        if anywhere:
            yield _allow("HeldToTheRegion", anywhere, ["*"], at.condition())
        if new:
            yield _allow("MakeWithTags", new, ["*"], at.condition("RequestTag"))
        if tags:
            things, calls = {one for each in tags for one in each}, {one for each in tags.values() for one in each}
            condition = {**at.condition("RequestTag"), **at.untagged()}
            efs = {each for each in calls if each.startswith("elasticfilesystem:")}
            yield _allow("TagWhatIsNew", calls - efs, sorted(each for each in things if not _of_efs(each)), condition)
            if efs:  # it alone says that a call makes the thing
                making = {"elasticfilesystem:CreateAction": ["CreateAccessPoint", "CreateFileSystem"]}
                condition = {**condition, "StringEquals": {**condition["StringEquals"], **making}}
                yield _allow("TagWhatIsNewInEFS", efs, sorted(filter(_of_efs, things)), condition)
        for arns, actions in own.items():
            yield _allow("", actions, arns, at.condition("ResourceTag"))
        for arns, actions in named.items():
            yield from self._of_roles(actions) if set(arns) == set(self.roles) else [_allow("", actions, arns)]
        yield from self._linked()

    def _functions(self, type_: str) -> Iterator[str]:
        """Yields the functions that rotate secrets; all of the stack's regions where only `up` knows one."""
        every_one = tuple(self._at.arns("arn:{partition}:lambda:{region}:{account}:function:*", ()))
        for each in self._known:
            if each.type == type_:
                arn = each.inputs.get("rotationLambdaArn")
                yield from [arn] if isinstance(arn, str) and arn.startswith("arn:") else every_one

    def _of_roles(self, actions: set[str]) -> Iterator[Statement]:
        """Yields the rights on roles. Those that give rights ask for the boundary, where there is one."""
        boundary = self._settings.deployer.permissions_boundary_arn
        bound = {"iam:PermissionsBoundary": boundary} if boundary else {}
        own, new = self._at.tagged("ResourceTag"), self._at.tagged("RequestTag")
        policies = {"ArnEquals": {"iam:PolicyARN": self.attached()}}
        if "iam:TagRole" in actions:
            yield _allow("TagNewRoles", ["iam:TagRole"], self.roles, {"StringEquals": new, **self._at.untagged()})
        if not boundary and any(each.inputs.get("permissionsBoundary") for each in self._known if each.type == ROLE):
            actions = actions | {"iam:DeleteRolePermissionsBoundary"}
        for sid, chosen, condition in (
            ("MakeRoles", {"iam:CreateRole"}, {"StringEquals": {**new, **bound}}),
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
        key = CALLS["aws:kms/key:Key"]
        changes = _actions("kms", f"{key.changes} {key.tags} CreateGrant")
        yield {**_allow("NotTheKeyOfTheState", changes, [self._state_key()]), "Effect": "Deny"}
        if boundary := deployer.permissions_boundary_arn:
            changes = _actions("iam", "CreatePolicyVersion DeletePolicy DeletePolicyVersion SetDefaultPolicyVersion")
            yield {**_allow("NotTheBoundary", changes, [boundary]), "Effect": "Deny"}
            anyone = [f"arn:{at.partition}:iam::{at.account}:role/*"]
            yield {**_allow("NoRoleWithoutIt", ["iam:DeleteRolePermissionsBoundary"], anyone), "Effect": "Deny"}

    def boundary(self, short: bool = False) -> Iterator[Statement]:
        """Yields the most that a role of the stack may ever do: what the roles do now, in the regions of the stack.

        A boundary gives nothing, so what is longer than a policy may be is said in short: resources by the prefix of
        the stack, statements about the same by the conditions that all of them have.
        """
        at = self._at
        yield {**_allow("NotTheState", ["s3:*"], self._state("")), "Effect": "Deny"}
        does, about = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
        same = defaultdict[tuple[str, ...], list[Statement]](list)
        of_aws = {each for arn in self.attached() for each in POLICY_ACTIONS.get(_name(arn), "").split()}
        clusters = {each for each in of_aws if each.startswith("eks:") and not _open(each)}
        for action in sorted(of_aws - clusters):
            does[action.partition(":")[0]].add(action)
            about[action.partition(":")[0]].add("*")
        for resource in self._known:
            for statement in _statements(resource, "policy") if resource.type == POLICY else ():
                if statement.get("Effect") != "Allow":
                    continue
                said: list[str] = every(statement, "Action")
                for service in {each.partition(":")[0] for each in said} - {*_IDENTITY}:
                    does[service] |= {each for each in said if each.startswith(f"{service}:")}
                    about[service] |= {self._short(each) for each in every(statement, "Resource")}
                if mine := sorted({each for each in said if each.partition(":")[0] in _IDENTITY} - {_LINKED}):
                    same[tuple(mine)].append(statement)
        for granted, things in self._granted():
            for action in granted:
                does[action.partition(":")[0]].add(action)
                about[action.partition(":")[0]] |= things
        alike = defaultdict[_Alike, set[str]](set)
        for service, actions in does.items():
            resources = ("*",) if "*" in about[service] else tuple(sorted(about[service]))
            alike[service in _OF_NO_REGION, resources] |= _widest(actions)
        for (anywhere, resources), actions in sorted((_together(alike) if short else alike).items()):
            held = anywhere or all(each.count(":") > 4 and each.split(":")[3] in at.regions for each in resources)
            yield _allow("", actions, resources, None if held else at.condition())
        for names, statements in sorted(same.items()):
            arns = sorted({self._short(each) for one in statements for each in every(one, "Resource")})
            yield _allow("", names, arns, _common([each.get("Condition", {}) for each in statements]) or None)
        if any(each.type == FILES for each in self._known):
            yield _allow("MountFiles", _actions("elasticfilesystem", _MOUNTS), [*at.arns(_ANY_FILES, ())])
        # Backups of clusters. Each part begins with its cluster; the name of an access entry may have that of a role.
        entering, own = {each for each in clusters if "AccessPolicy" in each}, f"{at.prefix}-*"
        for actions, kind in ((clusters - entering, "*"), (entering, "access-entry")):
            if actions:
                yield _allow("", _widest(actions), [f"arn:{at.partition}:eks:*:{at.account}:{kind}/{own}"])
        # What AWS's own policies of these roles do: EKS and its load balancers make roles of services, and AWS Backup
        # passes roles to what it restores.
        linked = f"arn:{at.partition}:iam::{at.account}:role/aws-service-role/*"
        yield _allow("RolesOfServices", [_LINKED], [linked])
        yield _allow(
            "PassOwnRoles",
            ["iam:GetRole", "iam:ListAttachedRolePolicies", "iam:PassRole"],
            self.roles if not short else sorted({*map(self._short, self.roles)}),
        )

    def _granted(self) -> Iterator[tuple[list[str], set[str]]]:
        """Yields what policies of things let roles of the stack do, and with what.

        A boundary limits that too where the policy names the role, as principal or by `aws:PrincipalArn`.
        Source: IAM user guide, "Permissions boundaries for IAM entities"; read 2026-11.
        """
        for each in self._known:
            for statement in () if each.type in _NOT_OF_A_THING else _statements(each, "policy"):
                principal = statement.get("Principal", {})
                given = principal.get("AWS", []) if isinstance(principal, Mapping) else principal
                tests = statement.get("Condition", {}).values()
                named = [one for test in tests for one in _listed(test.get("aws:PrincipalArn", []))]
                if statement.get("Effect") == "Allow" and any(map(self._is_own, named or _listed(given))):
                    found = {self._short(one) for one in every(statement, "Resource")} - {"*"}
                    row = CALLS.get(each.type)  # the page lists those without
                    things = {arn for one in (row.arns if row else ()) for arn in self._of(one)}
                    yield list(every(statement, "Action")), found or things

    def _is_own(self, arn: str) -> bool:
        return any(fnmatchcase(arn, role) or fnmatchcase(role, arn) for role in self.roles)

    def _short(self, arn: str) -> str:
        """Returns an ARN up to the stack's prefix, or to the cluster that the name of a role begins with, and `*`."""
        role = arn.partition(":role/")[2]
        cluster = max((each for each in self._settings.clusters if role.startswith(f"{each}-")), key=len, default="")
        return f"{arn.removesuffix(role)}{cluster}-*" if cluster else self._at.pattern(arn)

    def emergency(self) -> Iterator[Statement]:
        """Yields what somebody needs who gets into the clusters by an access entry, and reads the state."""
        arns = sorted(self._of("arn:{partition}:eks:{region}:{account}:cluster/{cluster}"))
        yield _allow("FindTheClusters", ["eks:ListClusters"], ["*"], self._at.condition())
        if arns:
            yield _allow("EnterTheClusters", ["eks:DescribeCluster", "eks:ListAccessEntries"], arns)

    def state(self, write: bool) -> Iterator[Statement]:
        """Yields the rights on the state of Pulumi in a bucket of the layer below, but for those of other stacks."""
        bucket, stack = self._state("")[0], self._stack()
        own = self._state(*(each.format(stack) for each in (*_OF_A_STACK, _LOCKS)))
        yield _allow("ListState", ["s3:ListBucket", "s3:GetBucketLocation"], [bucket])
        yield _allow("ReadState", ["s3:GetObject"], [*own, *self._state(_META)])
        if write:
            yield _allow("WriteState", ["s3:DeleteObject", "s3:PutObject"], own)
        keys = ("kms:Encrypt", "kms:GenerateDataKey") if write else ()
        yield _allow("DecryptState", ["kms:Decrypt", *keys], [self._state_key()])

    def _state_key(self) -> str:
        return f"arn:{self._at.partition}:kms:{self._at.regions[0]}:{self._at.account}:key/{STATE_KEY}"

    def _stack(self) -> str:
        """Returns project and stack as the state's names have them, by the URN of a resource."""
        stack, project = self._known[0].urn.removeprefix("urn:pulumi:").split("::")[:2] if self._known else ("*", "*")
        return f"{project}/{stack}"

    def _state(self, *names: str) -> list[str]:
        """Returns the ARNs of objects below `.pulumi/`; "" is for the bucket, and all that is in it."""
        bucket = f"arn:{self._at.partition}:s3:::{STATE_BUCKET}"
        return [bucket, f"{bucket}/*"] if names == ("",) else [f"{bucket}/.pulumi/{each}" for each in names]


def _together(alike: Mapping[_Alike, set[str]]) -> dict[_Alike, set[str]]:
    """Returns statements about named things as one: an action is about things of its own service alone."""
    found = {key: actions for key, actions in alike.items() if key[1] == ("*",)}
    for anywhere in (False, True):
        named = [key for key in alike if key[0] is anywhere and key[1] != ("*",)]
        if named:
            things = tuple(sorted({each for _, resources in named for each in resources}))
            found[anywhere, things] = {each for key in named for each in alike[key]}
    return found


def _common(conditions: Sequence[Statement]) -> Statement:
    """Returns what all of some conditions ask for: the keys that all of them have, with the values of each."""
    found: Statement = {}
    for operator in sorted({*conditions[0]}.intersection(*conditions)):
        keys = sorted({*conditions[0][operator]}.intersection(*(each[operator] for each in conditions)))
        values = {key: sorted({one for each in conditions for one in _listed(each[operator][key])}) for key in keys}
        if values:
            found[operator] = values
    return found


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


def _statements(resource: Resource, key: str) -> list[Any]:
    """Returns the statements of a document; none of one that only `up` knows."""
    content = document(resource.inputs.get(key))
    return list(every(content, "Statement")) if isinstance(content, Mapping) else []


def _of_efs(arn: str) -> bool:
    return ":elasticfilesystem:" in arn


def _unread(resource: Resource) -> bool:
    """Returns whether a thing has a policy that only `up` knows."""
    return resource.type not in _NOT_OF_A_THING and not isinstance(
        document(resource.inputs.get("policy", "{}")), Mapping
    )


def _actions(service: str, names: str) -> list[str]:
    return [f"{service}:{each}" for each in names.split()]


def _widest(actions: set[str]) -> set[str]:
    """Returns the actions without those that another one has in it."""
    wide = {each for each in actions if each.endswith("*")}
    return {each for each in actions if not any(fnmatchcase(each, one) for one in wide - {each})}


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
    boundary = tuple(_once(made.boundary()))
    parts = {
        "preview": (*made.reads(), *made.state(write=False)),
        "deployer": (*made.reads(), *made.writes(), *made.guards(), *made.state(write=True)),
        "boundary": boundary if _size(boundary) <= MOST else tuple(_once(made.boundary(short=True))),
        "break-glass": (*made.emergency(), *made.state(write=False)),
    }
    return {
        f"identity-{name}-{number}.json": text
        for name, statements in parts.items()
        for number, text in enumerate(_packed(statements), 1)
    }


def _once(statements: Iterable[Statement]) -> Sequence[Statement]:
    """Returns the statements without those that another one has in it."""
    kept = list(statements)
    for each in reversed([*kept]):
        others = [one for one in kept if one is not each]
        if any(_within(each, one) for one in others):
            kept = others
    return kept


def _within(statement: Statement, other: Statement) -> bool:
    """Returns whether the other says all that this one says: of what it is about, and under no further condition."""
    return (
        statement["Effect"] == other["Effect"]
        and other.get("Condition") in (None, statement.get("Condition"))
        and all(
            any(fnmatchcase(each, one) for one in other[key])
            for key in ("Action", "Resource")
            for each in statement[key]
        )
    )


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
        "Made from what the stack builds and, where that is known, built before: make the documents anew before each",
        "change that brings a team, a cluster or a kind of resource, or takes it away.",
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
    if "identity-boundary-2.json" in files:
        lines += [f"**No role can have this boundary:** it is over {MOST} characters. Split the stack.", ""]
    if made.unknown:
        lines += [f"Not covered, so the deployer lacks rights for: {', '.join(made.unknown)}.", ""]
    if made.later:
        lines += [f"Not known before `up`, so the boundary may lack something of them: {', '.join(made.later)}.", ""]
    return "\n".join(lines)
