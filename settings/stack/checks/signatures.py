"""Checks the signatures of images, and Kyverno, against teams, registries, nodes and the network."""

from collections.abc import Iterator

from settings.cluster.mesh_replicas import kept_nodes
from settings.core.problems import Mistake, listed
from settings.stack.parts import Parts
from settings.tenancy.admission import AdmissionSettings
from settings.tenancy.signatures import SignatureSettings


def mistakes(parts: Parts, zones: int) -> Iterator[Mistake]:
    """Yields every mistake. zones: how many the network has; 0 where that is wrong."""
    admission = parts.admission
    if admission is None or admission.signatures is None or admission.kyverno is None:
        return
    signatures = admission.signatures
    if parts.knows_namespaces and not parts.teams:
        yield (
            ("admission", "signatures"),
            "judges pods of teams, and there are none: every image would be let in. Write teams, or drop it.",
        )
    of_teams = {name for team in parts.teams.values() for name in team.namespaces}
    for index, name in enumerate(admission.kyverno.namespaces_left_out):
        if name in of_teams:
            yield (
                ("admission", "kyverno", "namespaces_left_out", index),
                f"{name} is a team's, and its images would need no signature. Drop it, or drop signatures.",
            )
    yield from _registries(parts, admission, signatures)
    if signatures.identities and parts.network is not None and parts.network.nat == "none":
        yield (
            ("admission", "signatures", "identities"),
            ("are verified with what Sigstore publishes on the internet, and nat is none. Write keys, or nat: single."),
        )
    if signatures.mode == "deny" and parts.environment == "prod" and zones:
        for cluster, content in parts.clusters.items():
            if content.complete and kept_nodes(content.pools.values(), zones) < 2:
                yield (
                    ("admission", "signatures", "mode"),
                    (
                        f"refuses pods while Kyverno is down, and {cluster} keeps at most one node without taints: "
                        "while that one is replaced, no pod of a team would start. Keep two, by min_per_zone of a "
                        "managed pool, or write audit."
                    ),
                )


def _registries(parts: Parts, admission: AdmissionSettings, signatures: SignatureSettings) -> Iterator[Mistake]:
    """Yields images that the rule on registries lets nobody have."""
    registries = admission.registries
    if not registries and parts.account_id and parts.region:
        registries = (f"{parts.account_id}.dkr.ecr.{parts.region}.amazonaws.com",)
    for index, image in enumerate(signatures.images if registries else ()):
        begins = image.partition("*")[0]
        if not any(begins.startswith(f"{each}/") or f"{each}/".startswith(begins) for each in registries):
            yield (
                ("admission", "signatures", "images", index),
                (
                    f"{image} is in none of the registries that are let in: {listed(registries)}. Add its registry to "
                    "admission.registries, or drop it."
                ),
            )
