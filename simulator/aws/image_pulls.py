"""What ECR does when somebody pushes or pulls an image: who may, what a cache fetches, what it makes on the way.

Sources: ECR user guide, "Sync an upstream registry", "IAM permissions required to sync an upstream registry", "Create
an IAM role for repository creation templates", "Image tag mutability"; AWS managed policy reference,
AmazonEC2ContainerRegistryPullOnly; aws/containers-roadmap 2398 (a template with tags and no role); read 2026-11. The
words of what a template lacks are unverified: containerd shows "not found".
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from simulator.aws import tokens
from simulator.aws.access import DeniedError, Session, authorize
from simulator.aws.services import documents
from simulator.cloud import Cloud, CloudResource
from simulator.values import Props

PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
PUSH = (
    *("ecr:BatchCheckLayerAvailability", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart"),
    *("ecr:CompleteLayerUpload", "ecr:PutImage"),
)
IMPORT = "ecr:BatchImportUpstreamImage"
_PULL_ONLY = "policy/AmazonEC2ContainerRegistryPullOnly"
_OF_PULL_ONLY = ("ecr:GetAuthorizationToken", *PULL, IMPORT)


class ImageError(Exception):
    """A push or a pull fails, in the words of ECR."""


def push(cloud: Cloud, session: Session, region: str, name: str, tag: str) -> None:
    """Pushes an image. Raises DeniedError, and ImageError where the tag has an image that nobody may replace."""
    repository = _existing(cloud, region, name)
    if repository is None:
        raise ImageError(f"RepositoryNotFoundException: The repository with name '{name}' does not exist")
    for action in PUSH:
        authorize(cloud, session, action, repository.state["arn"], policy=_policy(cloud, repository))
    tags = list(repository.state.get("__images") or ())
    if tag in tags and _is_immutable(repository.state, tag):
        raise ImageError(
            f"ImageTagAlreadyExistsException: The image tag '{tag}' already exists in the '{name}' repository and "
            "cannot be overwritten because the repository is immutable."
        )
    _put(cloud, repository, {"__images": [*dict.fromkeys([*tags, tag])]})


def pull(
    cloud: Cloud, session: Session, region: str, name: str, tag: str = "latest", *, internet: bool = True
) -> CloudResource:
    """Pulls an image, and returns its repository. Raises DeniedError and ImageError.

    internet: whether the VPC of the one who pulls has a route to it, which the first pull through a cache needs.
    """
    repository = _existing(cloud, region, name)
    rule = _longest(cloud, tokens.CACHE_RULE, "ecrRepositoryPrefix", region, name)
    if repository is None:
        if rule is None:
            raise ImageError(f"RepositoryNotFoundException: The repository with name '{name}' does not exist")
        repository = _made(cloud, session, region, name, internet=internet)
    policy = _policy(cloud, repository)
    tags = list(repository.state.get("__images") or ())
    if tag not in tags:
        if rule is None:
            raise ImageError(f"ImageNotFoundException: {name}:{tag}: not found")
        _allowed(cloud, session, IMPORT, repository.state["arn"], policy)
        repository = _put(cloud, repository, {"__images": [*tags, tag]})
    for action in PULL:
        _allowed(cloud, session, action, repository.state["arn"], policy)
    return repository


def _is_immutable(repository: Props, tag: str) -> bool:
    """Returns whether a tag stays where it is: the filters of a repository turn what it says of all others around."""
    filters = repository.get("imageTagMutabilityExclusionFilters") or ()
    left_out = any(fnmatchcase(tag, each["filter"]) for each in filters)
    return str(repository.get("imageTagMutability")).startswith("IMMUTABLE") != left_out


def _made(cloud: Cloud, session: Session, region: str, name: str, *, internet: bool) -> CloudResource:
    """Makes the repository of a cached image, as the template of its prefix says."""
    account, partition = session.arn.split(":")[4], session.arn.split(":")[1]
    arn = f"arn:{partition}:ecr:{region}:{account}:repository/{name}"
    template = _longest(cloud, tokens.CREATION_TEMPLATE, "prefix", region, name)
    state = template.state if template is not None and "PULL_THROUGH_CACHE" in template.state["appliedFors"] else {}
    tags = state.get("resourceTags") or {}
    for action in ("ecr:CreateRepository", IMPORT, *(["ecr:TagResource"] if tags else [])):
        _allowed(cloud, session, action, arn)
    if not internet:
        raise ImageError(f"{name}: the first pull through a cache needs a route to the internet: i/o timeout")
    encryption = state.get("encryptionConfigurations") or [{"encryptionType": "AES256"}]
    kms = any(str(each["encryptionType"]).startswith("KMS") for each in encryption)
    if tags or kms:
        _creator_may(cloud, state.get("customRoleArn"), arn, name, tags=bool(tags))
    made: Props = {
        "name": name,
        "arn": arn,
        "region": region,
        "registryId": account,
        "imageTagMutability": state.get("imageTagMutability", "MUTABLE"),
        "imageTagMutabilityExclusionFilters": state.get("imageTagMutabilityExclusionFilters"),
        "encryptionConfigurations": encryption,
        "tags": tags,
        "tagsAll": tags,
        "__lifecycle": state.get("lifecyclePolicy"),
    }
    return cloud.put(tokens.REPOSITORY, name, made, region=region)


def _creator_may(cloud: Cloud, role_arn: str | None, arn: str, name: str, *, tags: bool) -> None:
    """Raises ImageError where ECR cannot make a repository with tags or a key: it needs a role that it may take."""
    role = next((row for row in cloud.of_type(tokens.ROLE) if row.state["arn"] == role_arn), None)
    if role is None or not documents.trusts(role.state, "ecr.amazonaws.com", "sts:AssumeRole"):
        raise ImageError(f"{name}: not found: its template has tags or a KMS key, and no role that ECR may take")
    try:
        for action in ("ecr:CreateRepository", *(["ecr:TagResource"] if tags else [])):
            authorize(cloud, Session(role), action, arn)
    except DeniedError as denied:
        raise ImageError(f"{name}: not found: {denied}") from None


def _allowed(cloud: Cloud, session: Session, action: str, arn: str, policy: str | None = None) -> None:
    """Raises DeniedError, unless AWS's policy for pulls allows it, which the cloud has only by name."""
    attached = {
        str(row.state["policyArn"])
        for row in cloud.of_type(tokens.ROLE_POLICY_ATTACHMENT)
        if row.state["role"] == session.role.state["name"]
    }
    try:
        authorize(cloud, session, action, arn, policy=policy)
    except DeniedError as denied:
        explicit = "explicit deny" in str(denied)
        if explicit or action not in _OF_PULL_ONLY or not any(each.endswith(_PULL_ONLY) for each in attached):
            raise


def _existing(cloud: Cloud, region: str, name: str) -> CloudResource | None:
    return cloud.get(tokens.REPOSITORY, name, region)


def _policy(cloud: Cloud, repository: CloudResource) -> str | None:
    row = cloud.get(tokens.REPOSITORY_POLICY, repository.id, repository.region)
    return None if row is None else str(row.state["policy"])


def _longest(cloud: Cloud, type_: str, path: str, region: str, name: str) -> CloudResource | None:
    """Returns the rule or template whose prefix is the longest of those that begin the name; ROOT begins any."""

    def prefix(row: CloudResource) -> str:
        given = str(row.state[path]).rstrip("/")
        return "" if given == "ROOT" else f"{given}/"

    rows = [row for row in cloud.of_type(type_) if row.region == region and name.startswith(prefix(row))]
    return max(rows, key=lambda row: len(prefix(row)), default=None)


def _put(cloud: Cloud, row: CloudResource, changes: Mapping[str, object]) -> CloudResource:
    return cloud.put(row.type, row.id, {**row.state, **changes}, region=row.region)
