"""Renews the actions of the workflows: each is pinned to the commit of the newest release with the same major version.

Form: GitHub REST API, "List repository tags", read 2026-11; the commit is that of the tag, also for annotated tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from catalog.renew.asking import Answers, Question, Renewal

ACCOUNT = False
WORKFLOWS = Path(__file__).parents[2] / ".github" / "workflows"
USE = re.compile(r"uses: (?P<action>[\w.-]+/[\w.-]+)@(?P<commit>[0-9a-f]{40}) # (?P<tag>v\d+\.\d+\.\d+)")
RELEASE = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


def questions() -> list[Question]:
    used = {use["action"] for path in _workflows() for use in USE.finditer(path.read_text(encoding="utf-8"))}
    return [_question(action) for action in sorted(used)]


def _workflows() -> list[Path]:
    return sorted(WORKFLOWS.glob("*.yml"))


def _question(action: str) -> Question:
    url = f"https://api.github.com/repos/{action}/tags?per_page=100"
    return Question(name=f"tags-{action.replace('/', '-')}.json", url=url, paged=True)


def renew(answers: Answers, today: date) -> Renewal:
    files, notes = {}, []
    for path in _workflows():
        before = path.read_text(encoding="utf-8")
        after, new_notes = pinned(
            before, {action: answers.json(_question(action)) or [] for action in _actions(before)}
        )
        notes += new_notes
        if after != before:
            files[path] = after
    return Renewal(files, notes)


def _actions(text: str) -> set[str]:
    return {use["action"] for use in USE.finditer(text)}


def pinned(text: str, pages: Mapping[str, Iterable[Iterable[Mapping[str, Any]]]]) -> tuple[str, list[str]]:
    """Returns the workflow with its actions at their newest release, and notes for people."""
    notes: list[str] = []

    def renewed(use: re.Match[str]) -> str:
        commits = {tag["name"]: tag["commit"]["sha"] for page in pages[use["action"]] for tag in page}
        releases = {tag: tuple(map(int, found.groups())) for tag in commits if (found := RELEASE.fullmatch(tag))}
        if use["tag"] not in releases:
            if commits:
                notes.append(f"{use['action']}: release {use['tag']} does not exist any more")
            return use[0]
        if commits[use["tag"]] != use["commit"]:
            notes.append(f"{use['action']}: somebody moved {use['tag']} to another commit, {commits[use['tag']]}")
            return use[0]
        major = releases[use["tag"]][0]
        tag = max((each for each, parts in releases.items() if parts[0] == major), key=lambda each: releases[each])
        newest = max(releases, key=lambda each: releases[each])
        if releases[newest][0] > major:
            notes.append(f"{use['action']}: {newest} exists; pin a new major version by hand")
        return f"uses: {use['action']}@{commits[tag]} # {tag}"

    return USE.sub(renewed, text), notes
