"""Checks the charts: whether their repository has the pinned version, its digest, its application version, newer ones.

The pinned version is never changed here, since the values and CRDs of a new version have to be read with it. Renovate
proposes newer versions, one at a time. A digest that is known is never changed either: another one of the same version
is other content, and is told. Forms: Helm, "The chart repository guide" (index.yaml, `digest`); OCI distribution spec
(tags, manifests: the digest is that of the bytes); read 2026-11.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any

import yaml

from catalog.charts import CHARTS, UNRESOLVED, Chart
from catalog.renew.asking import Answers, Question, Renewal
from catalog.rows import DATA, laid_out, read_table, tables

ACCOUNT = False
RELEASE = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")  # no release candidates


def questions() -> list[Question]:
    asked = [_question(chart) for chart in CHARTS.values()]
    asked += [_manifest(chart) for chart in CHARTS.values() if chart.oci]
    return list({each.name: each for each in asked}.values())


def _question(chart: Chart) -> Question:
    file_name = re.sub(r"[^a-z0-9.]+", "-", chart.repository.partition("://")[2].lower())
    if chart.oci:
        registry, _, name = chart.repository.removeprefix("oci://").partition("/")
        return Question(name=f"tags-{file_name}.json", url=f"https://{registry}/v2/{name}/tags/list?n=1000", paged=True)
    return Question(name=f"index-{file_name}.yaml", url=f"{chart.repository.rstrip('/')}/index.yaml")


def _manifest(chart: Chart) -> Question:
    registry, _, name = chart.repository.removeprefix("oci://").partition("/")
    file_name = re.sub(r"[^a-z0-9.]+", "-", f"{registry}/{name}-{chart.version}".lower())
    return Question(name=f"manifest-{file_name}.json", url=f"https://{registry}/v2/{name}/manifests/{chart.version}")


def renew(answers: Answers, today: date) -> Renewal:
    files, notes = {}, []
    published: dict[str, dict[str, str]] = {}
    for room in tables("charts"):
        table = read_table(f"charts/{room}")
        for name, row in table["charts"].items():
            chart = CHARTS[name]
            versions = published.setdefault(name, versions_of(chart, answers))
            if not versions:
                continue
            if chart.version not in versions:
                notes.append(f"{name}: {chart.repository} has no version {chart.version}")
                continue
            row["app_version"] = versions[chart.version] or row["app_version"]
            digest = digest_of(chart, answers)
            if digest and chart.digest not in (UNRESOLVED, digest):
                notes.append(
                    f"{name}: {chart.version} has the digest {digest}, and had {chart.digest}: its content is another. "
                    "Find out why before it is installed again"
                )
            elif digest:
                row["digests"] = {chart.version: digest}
            newer = newest(versions, chart.version)
            if newer != chart.version:
                notes.append(f"{name}: {chart.version} is pinned, the newest is {newer}")
        path, text = DATA / "charts" / f"{room}.json", laid_out(table)
        if text != path.read_text(encoding="utf-8"):
            files[path] = text
    return Renewal(files, notes)


def versions_of(chart: Chart, answers: Answers) -> dict[str, str]:
    """Returns chart version -> application version, "" when the repository has none; empty without an answer."""
    question = _question(chart)
    if chart.oci:
        pages: list[dict[str, Any]] = answers.json(question) or []
        return {tag: "" for page in pages for tag in page.get("tags") or ()}
    entries = _index(answers, question).get(chart.chart, ())
    return {each["version"]: str(each.get("appVersion", "")) for each in entries}


@lru_cache(maxsize=2)  # an index may have a hundred thousand lines
def _index(answers: Answers, question: Question) -> dict[str, Any]:
    text = answers.text(question)
    entries: dict[str, Any] = yaml.load(text, yaml.CSafeLoader)["entries"] if text is not None else {}
    return entries


def digest_of(chart: Chart, answers: Answers) -> str | None:
    """Returns the digest that the repository tells of the pinned version; None without an answer."""
    if chart.oci:
        content = answers.content(_manifest(chart))
        return None if content is None else f"sha256:{hashlib.sha256(content).hexdigest()}"
    entries = _index(answers, _question(chart)).get(chart.chart, ())
    told = next((str(each.get("digest") or "") for each in entries if each["version"] == chart.version), "")
    found = re.fullmatch(r"(?:sha256:)?([0-9a-f]{64})", told)
    return f"sha256:{found[1]}" if found else None


def newest(versions: Iterable[str], pinned: str) -> str:
    """Returns the newest release, among the versions that start with `v` if the pinned one does, else the others."""
    candidates = [each for each in versions if each.startswith("v") == pinned.startswith("v")]
    releases = {each: tuple(map(int, found.groups())) for each in candidates if (found := RELEASE.fullmatch(each))}
    return max(releases, key=lambda each: releases[each], default=pinned)
