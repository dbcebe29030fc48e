"""`admission`: what pods in the namespaces of teams need to be let in."""

import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from settings.core.base import Settings
from settings.core.naming import DNS_SUBDOMAIN, QUALIFIED_NAME
from settings.core.problems import listed, raise_if, repeated
from settings.tenancy.signatures import KyvernoSettings, SignatureSettings

_REGISTRY = re.compile(r"[a-z0-9.-]+(:[0-9]{1,5})?(/[a-z0-9._-]+)*")


class AdmissionSettings(Settings):
    """Rules for the pods of teams. What teams may not do at all, such as choosing a node, is always refused."""

    mode: Literal["deny", "warn"] = Field(
        default="deny",
        description="Whether a pod against a rule on images or labels is refused, or made with a warning.",
    )
    registries: tuple[str, ...] = Field(
        default=(),
        description=(
            "Registries, with or without a path, that images may come from. Empty: the account's own in ECR, in the "
            "region of the stack."
        ),
        examples=[["123456789012.dkr.ecr.us-west-2.amazonaws.com", "docker.io/library"]],
    )
    digests: bool = Field(
        default=True, description="Whether images are named by digest: a tag is another image tomorrow."
    )
    labels: tuple[str, ...] = Field(
        default=("app.kubernetes.io/name",), description="Labels that every pod of a team has."
    )
    kyverno: KyvernoSettings | None = Field(
        default=None,
        description="Kyverno, in every cluster. Signatures need it, and policies of your own may be for it.",
        examples=[{}],
    )
    signatures: SignatureSettings | None = Field(
        default=None, description="Images of teams that need a signature, and whose. Needs kyverno."
    )

    @field_validator("registries")
    @classmethod
    def registries_are_hosts(cls, registries: tuple[str, ...]) -> tuple[str, ...]:
        mistakes = [
            f"{registry!r} is no registry. Write a host and, if you like, a path: docker.io/library."
            for registry in registries
            if not _REGISTRY.fullmatch(registry) or "." not in registry.split("/")[0]
        ]
        if twice := repeated(registries):
            mistakes.append(f"{listed(twice)} is named twice. Name each once.")
        raise_if(mistakes)
        return registries

    @field_validator("labels")
    @classmethod
    def labels_can_be_written(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        mistakes = [
            f"{label!r} is no label that a pod can have, so no pod of a team would be let in. Write a name, or "
            "<domain>/<name>: app.kubernetes.io/name."
            for label in labels
            for domain, slash, name in [label.rpartition("/")]
            if not QUALIFIED_NAME.fullmatch(name) or (slash and not DNS_SUBDOMAIN.fullmatch(domain))
        ]
        if twice := repeated(labels):
            mistakes.append(f"{listed(twice)} is named twice. Name each once.")
        raise_if(mistakes)
        return labels

    @model_validator(mode="after")
    def signatures_have_a_verifier(self) -> "AdmissionSettings":
        if self.signatures is None:
            return self
        if self.kyverno is None:
            raise ValueError(
                "has signatures, and no kyverno that would verify them. Write kyverno: {}, or drop signatures."
            )
        if self.signatures.mode == "deny" and self.mode != "deny":
            raise ValueError(
                "refuses pods without a signature, and only warns of images that are named otherwise, by a port or a "
                "registry that signatures.images does not have. Write mode: deny, or signatures.mode: audit."
            )
        return self
