"""`admission.kyverno` and `admission.signatures`: whose signature an image of a team needs, and who checks it.

What can be verified is what Kyverno verifies. AWS Signer's signatures it cannot: they name a plugin of Notation and an
authority of their own, and Kyverno gives Notation neither.
Sources: Kyverno v1.19.0, pkg/image/verifiers/ivpol/notary/helpers.go (no plugin manager; trust stores `ca` and `tsa`),
pkg/cel/compiler/{compiler,images}.go (globs without separators, of the text in the pod); AWS Signer developer guide,
"Sign container images in Amazon ECR"; cosign v3, pkg/cosign/verify.go (Go's regular expressions, which match anywhere);
RFC 5280 and 7468; X.690, 8.1; read 2026-11.
"""

import base64
import binascii
import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from catalog.expressions import WHOLE_NAME_PATTERN
from catalog.public_registries import BY_KEY, DEEP_LEARNING, OF_ONE_MAKER, SHARED, SIGNS, UNVERIFIABLE, makers
from catalog.regions import REGIONS
from settings.core.base import Settings
from settings.core.naming import DNS_LABEL
from settings.core.problems import listed, raise_if, repeated
from settings.core.secret_values import is_hidden

ALWAYS_LEFT_OUT = ("kube-system", "kyverno")
_IMAGES = re.compile(r"(?P<host>[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?)/(?P<path>[a-z0-9._*@:-]+(/[a-z0-9._*@:-]+)*)")
_STRANGERS = (
    *("somebody@elsewhere.invalid", "somebody@elsewhere.com", "https://elsewhere.invalid/somebody"),
    *(
        f"https://github.com/somebody/else/.github/workflows/build.yaml@refs/{ref}"
        for ref in ("heads/main", "tags/v1.0")
    ),
    *(f"https://gitlab.com/somebody/else//.gitlab-ci.yml@refs/{ref}" for ref in ("heads/main", "tags/v1.0")),
)
"""Whom issuers give certificates to that are no part of anybody's build."""
_LABEL, _ONCE = r"[\w-]+", "(?![?*+{])"
_NAME = rf"{_LABEL}(\\\.{_LABEL})*"
_NAMES = rf"({_NAME}|\({_NAME}(/{_NAME})*(\|{_NAME}(/{_NAME})*)*\))"
_OF_ALL = r"(buildkite\\\.com|g\\\.codefresh\\\.io|git(hub|lab)\\\.com)"
_MAILS_OF_ALL = (
    r"((gmail|googlemail|users\\\.noreply\\\.github|([\w-]+|gcp-sa-[\w-]+\\\.iam)\\\.gserviceaccount)\\\.com)"
)
_AGENTS = r"service-.*\\\.iam\\\.gserviceaccount"
_WRITTEN_OUT = re.compile(
    rf"\^(https://{_OF_ALL}/{_NAMES}/{_ONCE}"
    rf"|(https|spiffe)://(?!{_OF_ALL}/){_NAME}(:[0-9]+)?/(\.\*\$$|{_NAMES}[/@]{_ONCE})"
    rf"|(?!{_AGENTS})(\[\^@\][*+]|[^@/])*@(?!{_MAILS_OF_ALL}\$){_LABEL}(\\\.{_LABEL})+\$$"
    r"|([\w:/@-]|\\\W)+\$$)"
)
"""Patterns that write out whom they are about: an owner at a host of everybody, a host, the domain of mails, or all.

The agents of Google's services have an account for each project, of anybody.

A dot without its backslash is any character, and stands in none of these names. Source: sigstore/fulcio, config/
identity/config.yaml, for the names that CI services have; read 2026-11.
"""
_REPEATS = 5
"""With each more, to search for who is meant takes a hundred times as long."""
_NOBODY = "(?!)"
_REFUSED = "pods that get them would be refused. Name images that you build"
_SEQUENCE, _BIT_STRING = 0x30, 0x03
_PARTS = {"PUBLIC KEY": [_SEQUENCE, _BIT_STRING], "CERTIFICATE": [_SEQUENCE, _SEQUENCE, _BIT_STRING]}
"""Tags of what a SubjectPublicKeyInfo, and a certificate, is made of."""


class KyvernoSettings(Settings):
    """Kyverno, which verifies signatures and takes policies of a platform team's own."""

    namespaces_left_out: tuple[str, ...] = Field(
        default=(),
        description=(
            "Namespaces that Kyverno is never asked about, beside its own, kube-system and those of add-ons. What runs "
            "there can be changed while Kyverno is down."
        ),
        examples=[["platform-tools"]],
    )
    exceptions: bool = Field(
        default=False,
        description="Whether a PolicyException in the namespace kyverno lets through what a policy forbids.",
    )

    @field_validator("namespaces_left_out")
    @classmethod
    def namespaces_are_others(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        mistakes = [f"{name!r} is no name of a namespace." for name in names if not DNS_LABEL.fullmatch(name)]
        mistakes += [f"{name} is left out in any case. Drop it." for name in names if name in ALWAYS_LEFT_OUT]
        if twice := repeated(names):
            mistakes.append(f"{listed(twice)} is named twice. Name each once.")
        raise_if(mistakes)
        return names


class IdentitySettings(Settings):
    """Who signed without a key of their own, by Sigstore's certificates, such as a workflow on GitHub."""

    issuer: str = Field(
        pattern=r"^https://[^\s*]+$",
        description="Who says who it was.",
        examples=["https://token.actions.githubusercontent.com"],
    )
    subject: str | None = Field(
        default=None,
        pattern=r"^[^\s*]+$",
        description="Who it was, letter by letter: an address, or what a workflow is called in the certificate.",
        examples=["https://github.com/example/app/.github/workflows/build.yaml@refs/heads/main"],
    )
    subject_pattern: str | None = Field(
        default=None,
        description="Who it was, as a regular expression from ^ to $: for a workflow that runs on many tags.",
        examples=["^https://github\\.com/example/app/\\.github/workflows/build\\.yaml@refs/tags/v[0-9.]+$"],
    )

    @model_validator(mode="after")
    def names_one_subject(self) -> "IdentitySettings":
        pattern = self.subject_pattern
        if (self.subject is None) == (pattern is None):
            raise ValueError(
                "needs subject or subject_pattern, and not both: else everybody with an account at the issuer could "
                "sign. Write one of them."
            )
        if pattern is not None:
            if not (pattern.startswith("^") and pattern.endswith("$")):
                raise ValueError(
                    "has a subject_pattern that may match in the middle of another name. Begin with ^ and end with $."
                )
            repeats = len(re.findall(r"[*+?]", re.sub(r"\\.|\[[^]]*\]", "", pattern)))
            try:
                taken = repeats <= _REPEATS and bool(re.fullmatch(WHOLE_NAME_PATTERN, pattern)) and re.compile(pattern)
            except re.error:
                taken = False
            if not taken:
                raise ValueError(
                    "has a subject_pattern that is no plain regular expression: Kyverno reads Go's dialect, and | "
                    "outside of a group leaves each side without ^ or $. Use plain characters, ., classes, one of "
                    f"* + ? {{n}} behind each, at most {_REPEATS} of * + ?, and groups that are neither nested nor "
                    "repeated."
                )
            strangers = [each for each in _STRANGERS if taken.search(each)]
            if strangers or not _WRITTEN_OUT.match(pattern):
                whom = (
                    f"that {strangers[0]} matches as well"
                    if strangers
                    else r"of no form that writes out who signs, with \. for a dot"
                )
                raise ValueError(
                    f"has a subject_pattern {whom}. Write one entry of identities for each signer, as in "
                    r"^https://github\.com/example/app/.*$, with the owner up to its /, in "
                    r"^https://git\.example\.com/.*$ or in ^.*@example\.com$."
                )
        return self


class SignatureSettings(Settings):
    """Which images need a signature, and whose. One good one is enough, so a new key can come before the old goes."""

    images: tuple[str, ...] = Field(
        min_length=1,
        description=(
            "Images that need one: registry and repositories, with * for anything, also at the end. Other images are "
            "not judged; which registries are let in at all says admission.registries."
        ),
        examples=[["123456789012.dkr.ecr.us-west-2.amazonaws.com/ml-platform-dev/research/*"]],
    )
    keys: tuple[str, ...] = Field(
        default=(),
        description="Public keys of cosign, in PEM. No transparency log is asked for, so Sigstore is not needed.",
    )
    identities: tuple[IdentitySettings, ...] = Field(
        default=(), description="Who may sign without a key. Kyverno then needs the internet, to reach Sigstore."
    )
    certificates: tuple[str, ...] = Field(
        default=(),
        description="Certificates of your own authority for Notation, in PEM. Those of AWS Signer cannot be verified.",
    )
    mode: Literal["audit", "deny"] = Field(
        default="audit",
        description="Whether a pod without a good signature is refused, or made with a warning and an event.",
    )

    @field_validator("images")
    @classmethod
    def images_are_ours(cls, images: tuple[str, ...]) -> tuple[str, ...]:
        mistakes = [
            f"{image!r} names no images: write a registry and a path, with * below the registry alone, as in "
            "123456789012.dkr.ecr.us-west-2.amazonaws.com/team/*."
            for image in images
            if not _IMAGES.fullmatch(image)
        ]
        mistakes += [
            f"{image} does not name whole repositories, so an image in them would need no signature under another tag, "
            "or by its digest. Write no tag and no digest, and end with *, as in team/app*."
            for image in images
            if (match := _IMAGES.fullmatch(image)) and (not image.endswith("*") or {*":@"} & {*match["path"]})
        ]
        mistakes += filter(None, map(_of_everybody, images))
        if twice := repeated(images):
            mistakes.append(f"{listed(twice)} is named twice. Name each once.")
        raise_if(mistakes)
        return images

    @field_validator("keys")
    @classmethod
    def keys_are_public(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        return _in_pem(keys, "PUBLIC KEY", "cosign public-key --key KEY")

    @field_validator("certificates")
    @classmethod
    def certificates_are_in_pem(cls, certificates: tuple[str, ...]) -> tuple[str, ...]:
        return _in_pem(certificates, "CERTIFICATE", "openssl x509 -in FILE")

    @model_validator(mode="after")
    def somebody_signs(self) -> "SignatureSettings":
        if not (self.keys or self.identities or self.certificates):
            raise ValueError("names nobody whose signature is good. Write keys, identities or certificates.")
        return self

    @model_validator(mode="after")
    def images_are_of_who_signs(self) -> "SignatureSettings":
        subjects = [(each.subject or each.subject_pattern or "").replace("\\", "") for each in self.identities]
        raise_if(
            f"{image} begins as images do that others build, and "
            + (
                f"these are signed with SHA-512, which Kyverno is not asked for here: {_REFUSED}."
                if signer == _NOBODY
                else f"nobody here is known to sign them: {_REFUSED}, or in identities who signs these."
            )
            for image in self.images
            if (signer := _signer_of_others(image))
            and not (self.keys and image.partition("/")[0].partition(":")[0] in BY_KEY)
            and not any(re.match(signer, each) for each in subjects)
        )
        return self


def _signer_of_others(image: str) -> str:
    """Returns an expression on the subject of who signs images; "" for those that may be one's own."""
    host, _, path = image.partition("/")
    host, owner = host.partition(":")[0], path.partition("/")[0]
    of_aws = host.partition(".")[0] in {*DEEP_LEARNING, *(each.eks_account for each in REGIONS.values())}
    if f"{host}/{owner}" in UNVERIFIABLE:
        return _NOBODY
    if of_aws or host in OF_ONE_MAKER or f"{host}/{owner}" in makers():
        owners = rf"({re.escape(owner)}/|\(([^()]+\|)?{re.escape(owner)}(/[^()|]+)?(\|[^()]+)?\)/)"
        by_owner = rf"\^?https://(github\.com/(?i:{owners})|(?!github\.com/)[a-z0-9.:-]+/{owners})"
        return rf"\^?{re.escape(SIGNS[host])}\$?$" if host in SIGNS else by_owner
    return ""


def _of_everybody(image: str) -> str:
    """Returns what is wrong with images of everybody on a registry; "" for those of one maker."""
    host, _, path = image.partition("/")
    host, owner = host.partition(":")[0], path.partition("/")[0]
    if any(f".{host}".endswith(f".{each}") for each in SHARED) and "*" in owner:
        return (
            f"{image} is about images of everybody on {host}, which others sign if anybody does. Write whose they are, "
            f"as in {host}/example/app*."
        )
    return ""


def _in_pem(texts: tuple[str, ...], label: str, prints: str) -> tuple[str, ...]:
    """Returns the texts without spaces around them. Raises ValueError, which repeats none: one may be a secret.

    A private key is told of, and hidden, before.
    """
    bare = tuple(text.strip() for text in texts)
    advice = f"Write what `{prints}` prints."
    mistakes = []
    for number, text in enumerate(bare):
        if not is_hidden(text) and not _is_pem(text, label):
            mistakes.append(f"number {number} is no {label.lower()} in PEM. {advice}")
    if not mistakes and repeated([text for text in bare if not is_hidden(text)]):
        mistakes.append("one is written twice. Write each once.")
    raise_if(mistakes)
    return bare


def _is_pem(text: str, label: str) -> bool:
    match = re.fullmatch(rf"-----BEGIN {label}-----\s+(?P<body>[A-Za-z0-9+/=\s]+)-----END {label}-----", text)
    try:
        body = base64.b64decode("".join(match["body"].split()), validate=True) if match else b""
    except binascii.Error:
        return False
    try:
        ((whole, content),) = _values(body)
        return whole == _SEQUENCE and [tag for tag, _ in _values(content)] == _PARTS[label]
    except ValueError:
        return False


def _values(der: bytes) -> list[tuple[int, bytes]]:
    """Returns tags and contents of what stands one after the other in DER. Raises ValueError where it is cut."""
    found = []
    while der:
        if len(der) < 2:
            raise ValueError("no length")
        tag, length, begins = der[0], der[1], 2
        if length & 0x80:  # then these are the octets of the length
            begins += length & 0x7F
            length = int.from_bytes(der[2:begins])
        if len(der) < begins + length:
            raise ValueError("cut")
        found.append((tag, der[begins : begins + length]))
        der = der[begins + length :]
    return found
