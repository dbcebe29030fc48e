"""Checks the signatures of images, and Kyverno, against teams, registries, nodes and the network."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from catalog.regions import REGIONS
from settings.cluster.landing import landing_pools
from settings.cluster.mesh_replicas import kept_nodes
from settings.core.physical_names import cache_prefix, name_prefix, registry, repository_name
from settings.core.problems import Mistake, listed
from settings.stack.parts import Parts
from settings.tenancy.admission import AdmissionSettings
from settings.tenancy.registries import has_own, let_in
from settings.tenancy.signatures import SignatureSettings


def mistakes(parts: Parts, zones: int) -> Iterator[Mistake]:
    """Yields every mistake. zones: how many the network has; 0 where that is wrong."""
    admission = parts.admission
    if admission is None or admission.signatures is None or admission.kyverno is None:
        return
    signatures = admission.signatures
    of_teams = {name for team in parts.teams.values() for name in team.namespaces}
    for index, name in enumerate(admission.kyverno.namespaces_left_out):
        if name in of_teams:
            yield (
                ("admission", "kyverno", "namespaces_left_out", index),
                f"{name} is a team's, and its images would need no signature. Drop it, or drop signatures.",
            )
    yield from _registries(parts, admission, signatures)
    yield from _repositories(parts, signatures)
    if signatures.identities and parts.network is not None and parts.network.nat == "none":
        yield (
            ("admission", "signatures", "identities"),
            ("are verified with what Sigstore publishes on the internet, and nat is none. Write keys, or nat: single."),
        )
    if signatures.mode == "deny" and parts.environment == "prod" and zones:
        for cluster, content in parts.clusters.items():
            if content.complete and kept_nodes(landing_pools(content.pools.values())[:1], zones) < 2:
                yield (
                    ("admission", "signatures", "mode"),
                    (
                        f"refuses pods while Kyverno is down, and the first pool for add-ons of {cluster} keeps at "
                        "most one node: "
                        "while that one is replaced, no pod of a team would start. Keep two, by min_per_zone of a "
                        "managed pool, or write audit."
                    ),
                )


def _registries(parts: Parts, admission: AdmissionSettings, signatures: SignatureSettings) -> Iterator[Mistake]:
    """Yields images that the rule on registries lets nobody have."""
    has_images = parts.images is None or has_own(parts.images, parts.teams.values())
    for index, image in enumerate(signatures.images):
        host = _own_registry(parts, image)
        if not host and (has_images or not admission.registries):
            return  # what is let in is not known
        own = f"{host}/{name_prefix(parts.name or '', parts.environment or '')}" if has_images else ""
        registries, begins = let_in(admission.registries, host, own), image.partition("*")[0]
        if not any(begins.startswith(f"{each}/") or f"{each}/".startswith(begins) for each in registries):
            yield (
                ("admission", "signatures", "images", index),
                (
                    f"{image} is in none of the registries that are let in: {listed(registries)}. Add its registry to "
                    "admission.registries, or drop it."
                ),
            )


def _repositories(parts: Parts, signatures: SignatureSettings) -> Iterator[Mistake]:
    """Yields images of the cache, and those beside the repositories of teams while these need no signature."""
    of_teams = [(team.name, name) for team in parts.teams.values() for name in team.repositories]
    prefix = name_prefix(parts.name or "", parts.environment or "")

    def matched(image: str) -> set[tuple[str, str]]:
        host = _own_registry(parts, image)
        return {each for each in of_teams if fnmatchcase(f"{host}/{repository_name(prefix, *each)}", image)}

    cache = parts.images.cache if parts.images is not None else None
    unsigned = set(of_teams).difference(*map(matched, signatures.images))
    for index, image in enumerate(signatures.images):
        host = _own_registry(parts, image)
        cached = [f"{host}/{cache_prefix(prefix, each)}/" for each in (cache.upstreams if cache is not None else ())]
        if not host:
            continue
        if foreign := [each for each in cached if fnmatchcase(f"{each}image", image)]:
            yield (
                ("admission", "signatures", "images", index),
                (
                    f"{image} is also about images of the cache, {foreign[0]}*, which others sign if anybody does. "
                    f"Write a line for each team: {host}/{prefix}/<team>/*."
                ),
            )
        elif unsigned and image.startswith(f"{host}/") and not matched(image):
            right = [f"{host}/{prefix}/{team}/*" for team in sorted({team for team, _ in unsigned})]
            yield (
                ("admission", "signatures", "images", index),
                (
                    f"{image} matches no repository of a team, and images of teams need no signature. Write "
                    f"{listed(right)}{'' if parts.account_id else ', or the account_id of the stack'}."
                ),
            )


def _own_registry(parts: Parts, image: str) -> str:
    """Returns the registry of the stack's account; as long as that is not given, of the account of an image in ECR.

    "" where a setting that it or its repositories are named after is wrong.
    """
    if not parts.region or parts.region not in REGIONS or not parts.name or not parts.environment:
        return ""
    account = re.match(r"[0-9]{12}(?=[.]dkr[.]ecr[.])", image)
    return registry(parts.account_id or (account[0] if account else "<account_id>"), parts.region)
