"""Signatures of images: what may run without one from now on, whose is good now, and what does not come again.

Source: Kyverno v1.19.0, pkg/webhooks/resource/ivpol/handler.go (Deny alone refuses), charts/kyverno/templates/hooks;
read 2026-11.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any

from components.tenancy.signature_policy import signed_by
from report.dangers.danger import ALONE, GRAVE, LATER, SERIOUS, Danger, Plan, at, every, of_change
from report.dangers.doors import RELEASE, chart_of
from report.tables import some

POLICY = "kubernetes:policies.kyverno.io/v1:ImageValidatingPolicy"
Inputs = Mapping[str, Any]

_FIRST = "look first, with admission.signatures.mode: audit, which pods are warned of"


def find(plan: Plan) -> Iterator[Danger]:
    """Yields what changes of policies for images let in, and keep out, and that Kyverno goes."""
    had_teams = plan.with_teams
    stays = {each.provider for each in plan.after.values()}
    for change in plan.changes(POLICY):
        before, after = plan.inputs(change.urn)
        provider = (plan.before if change.op == "delete" else plan.after)[change.urn].provider
        if provider not in stays:
            continue  # it goes with its cluster
        if opened := _opened(before, after):
            yield of_change(change, "protection", GRAVE, f"signatures of images, by {{}}: {opened}", _LETS_IN, ALONE)
        if _denies(after) and provider in had_teams and (closed := _closed(before, after)):
            yield of_change(change, "nodes", SERIOUS, f"signatures of images, by {{}}: {closed}", _KEEPS_OUT, _FIRST)
    for change in plan.changes(RELEASE, ops=("delete",)):
        release = plan.before[change.urn]
        if chart_of(release.inputs) == "kyverno" and release.provider in stays:
            says, gently = "Kyverno goes, by {}", "see that its pods are there: they delete their webhooks"
            yield of_change(change, "protection", GRAVE, says, _GOES, gently)


_LETS_IN = "images that none of those who sign today has vouched for run in the namespaces of teams"
_KEEPS_OUT = "pods whose images lack such a signature run on, and do not come again when they end"
_GOES = (
    "no policy of it refuses anything, and webhooks that its pods do not delete refuse everything that they are asked "
    "about: docs/runbooks/cluster/kyverno-refuses-everything.md"
)


def _opened(before: Inputs, after: Inputs) -> str:
    """Returns in words what is let in now."""
    if not _denies(before):
        return ""
    if not _denies(after):
        return "pods without one are no longer refused"
    found = []
    if every(after, "spec.failurePolicy") != every(before, "spec.failurePolicy"):
        found.append("they are let in while Kyverno is down")
    if lost := _uncovered(before, after):
        found.append(f"none is needed for {lost}")
    was, now = _signers(before), _signers(after)
    known = {who for who, _ in was}
    new = sorted({who for who, _ in now - was})
    if known and (others := [who for who in new if who not in known]):
        found.append(f"good now is also that of {some(others)}")
    if again := [who for who in new if who in known]:
        found.append(f"verified otherwise is that of {some(again)}")
    old, rest = _rest(before), _rest(after)
    if asked := [key for key in sorted({*old, *rest}) if old.get(key) != rest.get(key)]:
        found.append(f"judged otherwise: spec.{', spec.'.join(asked)}")
    return "; ".join(found)


def _closed(before: Inputs, after: Inputs) -> str:
    """Returns in words what is kept out now."""
    if not _denies(before):
        return "pods without one are refused"
    found = []
    if new := _uncovered(after, before):
        found.append(f"one is needed for {new}")
    if lost := {who for who, _ in _signers(before)} - {who for who, _ in _signers(after)}:
        found.append(f"no longer good is that of {some(sorted(lost))}")
    return "; ".join(found)


def _denies(policy: Inputs) -> bool:
    return "Deny" in every(policy, "spec.validationActions")


def _uncovered(ones: Inputs, others: Inputs) -> str:
    """Returns the images of the first policy that no glob of the other one covers."""
    globs = [str(each) for each in every(others, _GLOBS)]
    return some([str(each) for each in every(ones, _GLOBS) if not any(fnmatchcase(str(each), one) for one in globs)])


_GLOBS = "spec.matchImageReferences.glob"
_ELSEWHERE = ("validationActions", "failurePolicy", "matchImageReferences", "attestors")


def _rest(policy: Inputs) -> dict[str, Any]:
    """Returns what a policy says beside what is compared in words; in validations without signers and messages."""
    spec = at(policy, "spec")
    if not isinstance(spec, Mapping):
        return {}
    rest = {key: each for key, each in spec.items() if key not in _ELSEWHERE}
    good = signed_by(every(policy, "spec.attestors.name")) or LATER
    rest["validations"] = [
        {**each, "expression": str(each.get("expression")).replace(good, "signed"), "message": ""}
        for each in _objects(every(policy, "spec.validations"))
    ]
    if asked := every(policy, "spec.matchImageReferences.expression"):
        rest["matchImageReferences"] = asked
    return rest


def _signers(policy: Inputs) -> set[tuple[str, str]]:
    """Returns who signs, in words, with all else that is said of how it is verified."""
    found = set()
    for attestor in deepcopy(_objects(every(policy, "spec.attestors"))):
        attestor.pop("name", None)
        cosign, notary = (attestor.get(key) or {} for key in ("cosign", "notary"))
        who = [f"key {_fingerprint(pem)}" for pem in _taken(cosign.get("key"), "data")]
        who += [f"certificate {_fingerprint(pem)}" for pem in _taken(notary.get("certs"), "value")]
        for identities in _taken(cosign.get("keyless"), "identities"):
            who += [
                f"{each.get('subject') or each.get('subjectRegExp')} at {each.get('issuer')}"
                for each in _objects(identities)
            ]
        how = json.dumps(attestor, sort_keys=True, default=str)
        found |= {(each, how) for each in who or ["somebody"]}
    return found


def _objects(values: Any) -> list[Any]:
    """Returns those that are known."""
    return [each for each in values if isinstance(each, Mapping)]


def _taken(content: Any, key: str) -> list[Any]:
    """Returns a value, and takes it out of its mapping."""
    value = content.pop(key, None) if isinstance(content, dict) else None
    return [] if value is None else [value]


def _fingerprint(pem: Any) -> str:
    """Returns half of the SHA-256 of a key or certificate: the first half of what sha256sum says of it in DER."""
    body = "".join(line for line in str(pem).splitlines() if not line.startswith("-"))
    try:
        der = base64.b64decode("".join(body.split()), validate=True)
    except binascii.Error:
        der = str(pem).encode()
    return f"sha256:{sha256(der).hexdigest()[:32]}"
