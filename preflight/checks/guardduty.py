"""The detector of GuardDuty in the account."""

from collections.abc import Iterator

from components.security.guardduty import AGENTS, Detector
from preflight.account import Ask
from preflight.check import Finding, check, failure, ok
from preflight.needs import Needs


@check("GuardDuty", calls=("guardduty:ListDetectors", "guardduty:GetDetector", "guardduty:GetAdministratorAccount"))
def guardduty(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """The account has the detector that the stack counts on, or none, and the stack may change it.

    Source: GuardDuty user guide, "Managing multiple accounts in Amazon GuardDuty"; read 2026-11.
    """
    settings, region = needs.settings.security.guardduty, needs.settings.region
    if settings is None:
        return
    ids = ask("guardduty:ListDetectors")["DetectorIds"]
    if not ids and settings.detector == "make":
        yield ok("there is no detector yet; `up` makes it")
    elif not ids:
        yield failure(
            f"there is no detector in {region}", "the preview stops", "Write security.guardduty.detector: make."
        )
    if not ids:
        return
    answer = ask("guardduty:GetDetector", DetectorId=ids[0])
    if settings.detector == "make":
        yield (
            ok(f"detector {ids[0]} is the stack's")
            if needs.owns(answer.get("Tags") or {})
            else failure(
                f"detector {ids[0]} stands already",
                "GuardDuty refuses a second one, and `up` stops half-way",
                "Write security.guardduty.detector: existing.",
            )
        )
        return
    administrator = ask("guardduty:GetAdministratorAccount", DetectorId=ids[0]).get("Administrator")
    if settings.detector == "existing" and administrator:
        yield failure(
            f"account {administrator['AccountId']} manages GuardDuty here",
            "a member may not change features, and `up` stops half-way",
            "Write security.guardduty.detector: organization.",
        )
    on = [each for each in answer.get("Features", ()) if each["Status"] == "ENABLED"]
    more = [agent for each in on for agent in each.get("AdditionalConfiguration", ())]
    found = Detector(
        id=ids[0],
        is_on=answer["Status"] == "ENABLED",
        on=frozenset(each["Name"] for each in on),
        agents=frozenset(each["Name"] for each in more if each["Status"] == "ENABLED" and each["Name"] in AGENTS),
    )
    obstacles = list(found.obstacles(settings, region))
    for text in obstacles:
        yield failure(f"detector {found.id}: {text}", "the preview stops", "Do as it says.")
    if not obstacles and not (settings.detector == "existing" and administrator):
        yield ok(f"detector {found.id} is on")
