"""A check of the account: one function, with a record of the calls that it may make."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from preflight.account import Ask
    from preflight.needs import Needs

Result = Literal["failure", "warning", "could not look", "ok"]
WORST_FIRST: tuple[Result, ...] = ("failure", "warning", "could not look", "ok")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a check saw.

    seen: what the account has. why: what it means for the stack. fix: the setting or the deed that mends it.
    command: what mends it, to be copied into a shell.
    """

    result: Result
    seen: str
    why: str = ""
    fix: str = ""
    command: str = ""


def ok(seen: str) -> Finding:
    """Returns a finding about what is ready."""
    return Finding(result="ok", seen=seen)


def warning(seen: str, why: str, fix: str = "", command: str = "") -> Finding:
    """Returns a finding about what does not stop `up`."""
    return Finding(result="warning", seen=seen, why=why, fix=fix, command=command)


def failure(seen: str, why: str, fix: str = "", command: str = "") -> Finding:
    """Returns a finding about what stops `up`, or leaves the platform without what it needs."""
    return Finding(result="failure", seen=seen, why=why, fix=fix, command=command)


def could_not_look(seen: str, fix: str) -> Finding:
    """Returns a finding about what AWS gave no answer to."""
    return Finding(result="could not look", seen=seen, fix=fix)


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check.

    title: what is looked at, in two to four words. calls: the calls to AWS that it may make, as `<client of
    boto3>:<operation>`. The policy in `policy.json` is made from these, and any other call is refused.
    """

    title: str
    calls: tuple[str, ...]
    look: Callable[[Needs, Ask], Iterator[Finding]]


def check(title: str, calls: tuple[str, ...] = ()) -> Callable[[Callable[[Needs, Ask], Iterator[Finding]]], Check]:
    """Makes a check of a function that yields findings."""
    return lambda look: Check(title=title, calls=calls, look=look)
