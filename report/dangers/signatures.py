"""Signatures of images: what may run without one from now on, whose is good now, and what does not come again.

Source: Kyverno v1.19.0, pkg/webhooks/resource/ivpol/handler.go (Deny alone refuses), charts/kyverno/templates/hooks;
read 2026-11.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from report.dangers.danger import GRAVE, SERIOUS, Danger, Plan, at, every
from report.dangers.teams import with_teams
from report.events import Change
from report.tables import some

POLICY = "kubernetes:policies.kyverno.io/v1:ImageValidatingPolicy"
RELEASE = "kubernetes:helm.sh/v3:Release"
Inputs = Mapping[str, Any]

_ALONE = "make it a change of its own, with the reason in it"
_FIRST = "look first, with admission.signatures.mode: audit, which pods are warned of"


def find(plan: Plan) -> Iterator[Danger]:
    """Yields what changes of policies for images let in, and keep out, and that Kyverno goes."""
    had_teams = with_teams(plan)
    stays = {each.provider for each in plan.after.values()}
    for change in plan.changes(POLICY):
        before, after = plan.inputs(change.urn)
        provider = (plan.before if change.op == "delete" else plan.after)[change.urn].provider
        if provider not in stays:
            continue  # it goes with its cluster
        if opened := _opened(before, after):
            yield _danger(change, "protection", GRAVE, f"signatures of images, by {{}}: {opened}", _LETS_IN, _ALONE)
        if _denies(after) and provider in had_teams and (closed := _closed(before, after)):
            yield _danger(change, "nodes", SERIOUS, f"signatures of images, by {{}}: {closed}", _KEEPS_OUT, _FIRST)
    for change in plan.changes(RELEASE, ops=("delete",)):
        release = plan.before[change.urn]
        if at(release.inputs, "chart") == "kyverno" and release.provider in stays:
            says, gently = "Kyverno goes, by {}", "see that its pods are there: they delete their webhooks"
            yield _danger(change, "protection", GRAVE, says, _GOES, gently)


_LETS_IN = "images that nobody has vouched for run in the namespaces of teams"
_KEEPS_OUT = "pods whose images lack such a signature run on, and do not come again when they end"
_GOES = (
    "no policy of it refuses anything, and webhooks that its pods do not delete refuse everything that they are asked "
    "about: docs/runbooks/cluster/kyverno-refuses-everything.md"
)


def _danger(change: Change, kind: str, severity: int, says: str, consequence: str, gently: str) -> Danger:
    return Danger(
        kind=kind,
        severity=severity,
        says=says,
        names=(change.name,),
        consequence=consequence,
        gently=gently,
        urns=(change.urn,),
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
    if lost := _lost(before, after, "spec.matchImageReferences.glob"):
        found.append(f"none is needed for {lost}")
    if (new := _signers(after) - _signers(before)) and _signers(before):
        found.append(f"good now is also that of {some(sorted(new))}")
    asked = [key for key in ("matchConstraints", "matchConditions", "validations") if _differ(before, after, key)]
    if asked:
        found.append(f"judged otherwise: spec.{', spec.'.join(asked)}")
    return "; ".join(found)


def _closed(before: Inputs, after: Inputs) -> str:
    """Returns in words what is kept out now."""
    if not _denies(before):
        return "pods without one are refused"
    found = []
    if new := _lost(after, before, "spec.matchImageReferences.glob"):
        found.append(f"one is needed for {new}")
    if lost := _signers(before) - _signers(after):
        found.append(f"no longer good is that of {some(sorted(lost))}")
    return "; ".join(found)


def _denies(policy: Inputs) -> bool:
    return "Deny" in every(policy, "spec.validationActions")


def _lost(before: Inputs, after: Inputs, path: str) -> str:
    now = every(after, path)
    return some([str(each) for each in every(before, path) if each not in now])


def _differ(before: Inputs, after: Inputs, key: str) -> bool:
    """Returns whether it is judged otherwise. Validations name the signers by their places, so they count elsewhere."""
    if key != "validations":
        return bool(at(before, f"spec.{key}") != at(after, f"spec.{key}"))
    return len(every(after, "spec.validations.expression")) < len(every(before, "spec.validations.expression"))


def _signers(policy: Inputs) -> set[str]:
    """Returns who signs, in words: keys and certificates by the end of their text, which tells them apart."""
    found = {f"key …{_end(each)}" for each in every(policy, "spec.attestors.cosign.key.data")}
    found |= {f"certificate …{_end(each)}" for each in every(policy, "spec.attestors.notary.certs.value")}
    for each in every(policy, "spec.attestors.cosign.keyless.identities"):
        found.add(f"{each.get('subject') or each.get('subjectRegExp')} at {each.get('issuer')}")
    return found


def _end(pem: Any) -> str:
    lines = [line for line in str(pem).splitlines() if line and not line.startswith("-")]
    return lines[-1][-10:] if lines else ""
