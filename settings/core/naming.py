"""Rules of AWS and Kubernetes for names, tags, labels and ARNs. `..._mistakes` yield one sentence for each mistake."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Annotated

from pydantic import AfterValidator

from catalog.limits import IAM_ROLE_NAME_LENGTH, TAG_KEY_LENGTH, TAG_VALUE_LENGTH
from settings.core.problems import raise_if
from settings.core.secret_values import HIDDEN

KUBERNETES_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
ACCESS_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
QUALIFIED_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
TAG_TEXT = re.compile(r"[\w _.:/=+\-@]*")
IAM_PRINCIPAL = re.compile(r"arn:aws(-[a-z]+)*:iam::\d{12}:(role|user)/([\w+=,.@-]+/)*[\w+=,.@-]{1,64}", re.ASCII)
SSO_ROLE = "AWSReservedSSO_"  # beginning of the names of roles that IAM Identity Center makes
SERVICE_LINKED = ":role/aws-service-role/"
SSO_PATH = "role/aws-reserved/sso.amazonaws.com/"
PLATFORM_DOMAINS = ("ml-platform", "nvidia.com")  # node labels of the platform, and of the GPU operator
RESERVED_DOMAINS = ("kubernetes.io", "k8s.io", "eks.amazonaws.com", "karpenter.sh", "k8s.aws")


def name_from(text: str, longest: int = 63) -> str:
    """Returns the nearest name of lower-case letters, digits and '-' that begins with a letter, or ''."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).lstrip("-0123456789")[:longest].strip("-")


def rename(text: str, longest: int = 63) -> str:
    """Returns advice: to rename something, with an example."""
    name = "research" if text == HIDDEN else name_from(text, longest)
    return f"Rename it, for example {name}." if name else "Rename it."


def namespace_is_a_dns_label(name: str) -> str:
    """Returns the name unchanged. Raises ValueError when no Kubernetes namespace can have it."""
    if not DNS_LABEL.fullmatch(name):
        raise ValueError(
            f"{name!r} is not a namespace: use up to 63 lower-case letters, digits and '-', and begin and end with a "
            f"letter or digit. {rename(name)}"
        )
    return name


def label_key_mistakes(key: str) -> Iterator[str]:
    """Yields what is wrong with a label or taint key: its syntax, or a domain that is reserved.

    Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set and
    the NodeRestriction admission plugin, which keeps kubelets from labels in kubernetes.io.
    """
    domain, slash, name = key.rpartition("/")
    if slash and not (len(domain) <= 253 and DNS_SUBDOMAIN.fullmatch(domain)):
        yield (
            f"{key!r} has {domain!r} before the slash, which is not a DNS name. Write for example "
            f"platform.example.com/{name}."
        )
    if not QUALIFIED_NAME.fullmatch(name):
        yield (
            f"{key!r} is not a Kubernetes key: {name!r} must be 1 to 63 letters, digits, '-', '_' or '.', and begin "
            f"and end with a letter or digit. {rename(name)}"
        )
    for reserved in RESERVED_DOMAINS:
        if domain == reserved or domain.endswith(f".{reserved}"):
            yield (
                f"{key!r} is in {reserved}, which is reserved for the system: EKS or the kubelet would refuse it. Use "
                f"a domain of your own, for example platform.example.com/{name}, or the bare name {name}."
            )


def label_value_mistakes(value: str) -> Iterator[str]:
    """Yields what is wrong with the syntax of a label or taint value."""
    if value and not QUALIFIED_NAME.fullmatch(value):
        yield (
            f"{value!r} is not a Kubernetes value: it must be at most 63 letters, digits, '-', '_' or '.', and begin "
            "and end with a letter or digit. Rewrite it, or leave it empty."
        )


def label_key(key: str) -> str:
    """Returns the key unchanged. Raises ValueError with every mistake in it."""
    raise_if(label_key_mistakes(key))
    return key


def node_label_key(key: str) -> str:
    """Returns the key unchanged. Raises ValueError with every mistake, also when the platform sets the label itself."""
    domain, _, name = key.rpartition("/")
    set_by_platform = (
        f"{key!r} is in {domain}, and the platform sets the node labels of that domain from the other settings of the "
        f"pool. Drop it, or use a domain of your own, for example platform.example.com/{name}."
    )
    raise_if([*label_key_mistakes(key), *([set_by_platform] if domain in PLATFORM_DOMAINS else [])])
    return key


def label_value(value: str) -> str:
    """Returns the value unchanged. Raises ValueError when Kubernetes would refuse it."""
    raise_if(label_value_mistakes(value))
    return value


def tag_key(key: str) -> str:
    """Returns the key unchanged. Raises ValueError with every mistake in it."""
    raise_if(tag_key_mistakes(key))
    return key


def tag_value(value: str) -> str:
    """Returns the value unchanged. Raises ValueError with every mistake in it."""
    raise_if(tag_value_mistakes(value))
    return value


def tag_key_mistakes(key: str) -> Iterator[str]:
    """Yields what AWS refuses in a tag key. Source: AWS general reference, tag naming limits."""
    if key.lower().startswith("aws:"):
        yield f"{key!r} begins with aws:, which is reserved for AWS. Drop the prefix."
    if not key:
        yield "has an empty key, which AWS refuses. Give it a name, or drop it."
    if len(key) > TAG_KEY_LENGTH:
        yield f"{key[:20]!r}... has {len(key)} characters, and AWS allows {TAG_KEY_LENGTH}. Shorten it."
    if not TAG_TEXT.fullmatch(key):
        yield f"{key!r} has characters that AWS refuses in tags. Use letters, digits, spaces and _ . : / = + - @."


def tag_value_mistakes(value: str) -> Iterator[str]:
    """Yields what AWS refuses in a tag value. An empty value is a mistake too: it does not help to read the bill."""
    if not value.strip():
        yield "is empty, so the bill could not be split by it. Give a value, for example research."
    if len(value) > TAG_VALUE_LENGTH:
        yield f"has {len(value)} characters, and AWS allows {TAG_VALUE_LENGTH} in a tag. Shorten it."
    if not TAG_TEXT.fullmatch(value):
        yield f"{value!r} has characters that AWS refuses in tags. Use letters, digits, spaces and _ . : / = + - @."


def iam_principal_mistakes(arn: str) -> Iterator[str]:
    """Yields why an ARN cannot be the principal of an EKS access entry, which is an IAM role or user.

    The ARN of a role has its path, unlike in the aws-auth ConfigMap. Source: EKS user guide, "Create access entries";
    IAM Identity Center user guide, "Referencing permission sets"; read 2026-11.
    """
    if IAM_PRINCIPAL.fullmatch(arn) and SERVICE_LINKED not in arn:
        if SSO_ROLE in arn and SSO_PATH not in arn:
            yield (
                f"{arn!r} has the name of a role of IAM Identity Center without its path, and no role has this ARN. "
                "Copy the ARN that `aws iam get-role` shows: "
                f"arn:aws:iam::123456789012:{SSO_PATH}us-west-2/{SSO_ROLE}MLAdmins_0123456789abcdef."
            )
        return
    reason = "is not the ARN of an IAM role or user"
    if ":assumed-role/" in arn:
        reason = "is a session of a role, and access entries are for the role itself"
    elif arn.endswith(":root"):
        reason = "is an account, and access entries are for one role or user"
    elif SERVICE_LINKED in arn:
        reason = "is a service-linked role, which only AWS uses, and EKS refuses an entry for it"
    elif len(arn.rpartition("/")[2]) > IAM_ROLE_NAME_LENGTH:
        reason = f"has a name of more than {IAM_ROLE_NAME_LENGTH} characters, which IAM refuses"
    yield f"{arn!r} {reason}. Write for example arn:aws:iam::123456789012:role/ml-admins."


def service_account_name(name: str) -> str:
    """Returns the name unchanged. Raises ValueError when Kubernetes would refuse it."""
    if len(name) > 253 or not all(DNS_LABEL.fullmatch(label) for label in name.split(".")):
        raise ValueError(
            f"{name!r} is not a service account: use lower-case letters, digits, '-' and '.', and begin and end with "
            f"a letter or digit. {rename(name)}"
        )
    return name


def service_account_is_one_of_its_own(name: str) -> str:
    """Returns the name unchanged. Raises ValueError when Kubernetes would refuse it, or when all pods have it."""
    if name == "default":
        raise ValueError(
            "is default, the service account of every pod that names none: each pod of the namespace could use the "
            "bucket. Make a service account for the pods that need it, and write its name, for example trainer."
        )
    return service_account_name(name)


def _can_name(what: str, example: str) -> Callable[[str], str]:
    """Returns a validator of keys: it raises ValueError when a resource cannot have the name."""

    def check(name: str) -> str:
        if not ACCESS_NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} cannot name {what}: use 1 to 63 letters, digits, '-', '_' or '.', and begin and end with a "
                f"letter or digit. Rename it, for example {example}."
            )
        return name

    return check


AccessName = Annotated[str, AfterValidator(_can_name("an access entry", "ml-admins"))]
MemberName = Annotated[str, AfterValidator(_can_name("a member", "people"))]
