"""Checks the charts: whether their repository has the pinned version, its application version, and newer versions.

The pinned version is never changed here, since the values and CRDs of a new version have to be read with it. Renovate
proposes newer versions, one at a time. Forms: Helm, "The chart repository guide" (index.yaml); OCI distribution spec
(tags); read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

import yaml

from catalog.charts import CHARTS, Chart
from catalog.renew.asking import Answers, Question, Renewal
from catalog.rows import DATA, laid_out, read_table, tables

ACCOUNT = False
RELEASE = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")  # no release candidates


def questions() -> list[Question]:
    return list({_question(chart).name: _question(chart) for chart in CHARTS.values()}.values())


def _question(chart: Chart) -> Question:
    file_name = re.sub(r"[^a-z0-9.]+", "-", chart.repository.partition("://")[2].lower())
    if chart.oci:
        registry, _, name = chart.repository.removeprefix("oci://").partition("/")
        return Question(name=f"tags-{file_name}.json", url=f"https://{registry}/v2/{name}/tags/list?n=1000", paged=True)
    return Question(name=f"index-{file_name}.yaml", url=f"{chart.repository.rstrip('/')}/index.yaml")


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
    text = answers.text(question)
    if text is None:
        return {}
    index = yaml.load(text, yaml.CSafeLoader)  # an index may have a hundred thousand lines
    return {each["version"]: str(each.get("appVersion", "")) for each in index["entries"].get(chart.chart, ())}


def newest(versions: Iterable[str], pinned: str) -> str:
    """Returns the newest release, among the versions that start with `v` if the pinned one does, else the others."""
    candidates = [each for each in versions if each.startswith("v") == pinned.startswith("v")]
    releases = {each: tuple(map(int, found.groups())) for each in candidates if (found := RELEASE.fullmatch(each))}
    return max(releases, key=lambda each: releases[each], default=pinned)
