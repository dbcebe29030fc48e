"""Runs the checks of a stack in an account."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from preflight.account import Account, Ask, CouldNotLookError
from preflight.check import Check, Finding, could_not_look, failure
from preflight.checks import every_check
from preflight.checks.identity import IDENTITY, region_is_off
from preflight.needs import Needs, expected_account, needs_of
from preflight.table import Findings, counted
from report.simulated import ROOT
from settings.stack.stack import StackSettings

READY, NOT_READY, NOT_KNOWN = 0, 1, 3
AT_ONCE = 8


def preflight(
    stack: str, settings: StackSettings, account: Account, project: Path = ROOT
) -> tuple[Mapping[str, str], Findings]:
    """Runs the checks. Returns where they looked, and what they found by the title of the check."""
    place = {"stack": stack, "region": settings.region, "account": "unknown", "caller": "unknown"}
    ask = Ask(account, (IDENTITY,))
    try:
        identity = ask(IDENTITY)
    except CouldNotLookError as error:
        off = region_is_off(settings, ask) if error.code else None
        return place, {"Caller": [off or could_not_look(str(error), error.fix)]}
    place |= {"account": identity["Account"], "caller": identity["Arn"]}
    named = expected_account(settings)
    if named is not None and named[0] != identity["Account"]:
        return place, {"Caller": [_another_account(identity["Account"], *named)]}
    needs = needs_of(stack, settings, identity["Account"], project)
    return place, run(every_check(), needs, account)


def run(checks: Sequence[Check], needs: Needs, account: Account) -> Findings:
    """Runs the checks, several at once: they wait for AWS. Returns what they found, in the order of the checks."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        found = threads.map(lambda each: look(each, needs, account), checks)
        return dict(zip((each.title for each in checks), found, strict=True))


def look(check: Check, needs: Needs, account: Account) -> list[Finding]:
    """Runs one check to its end, or to the question that gets no answer."""
    found: list[Finding] = []
    try:
        for each in check.look(needs, Ask(account, check.calls)):
            found.append(each)  # what was found before an error stays
    except CouldNotLookError as error:
        found.append(could_not_look(str(error), error.fix))
    return found


def status(findings: Findings) -> int:
    """Returns the exit status."""
    counts = counted(findings)
    if counts["failure"]:
        return NOT_READY
    return NOT_KNOWN if counts["could not look"] else READY


def _another_account(present: str, wanted: str, setting: str) -> Finding:
    return failure(
        f"these credentials are of account {present}, and {setting} names {wanted}",
        "nothing else was looked at: it would be about another account",
        f"Use credentials of {wanted} (AWS_PROFILE=<profile> make preflight), or correct {setting}.",
    )
