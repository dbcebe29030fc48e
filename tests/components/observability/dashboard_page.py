"""Draws dashboards from their JSON, with the data of a Prometheus.

No Grafana runs in tests. This shows what its panels would: the same queries, units, layout and thresholds, in a page of
HTML for each dashboard that loads nothing from elsewhere. It leaves out choices (all values are shown) and zooming.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.components.observability.units import shown

COLUMN, LINE, GAP = 60, 38, 8
"""Pixels of a column and of a line of the grid, and between two panels."""
POINTS = 240
PALETTE = (
    *("#7eb26d", "#eab839", "#6ed0e0", "#ef843c", "#e24d42", "#1f78c1", "#ba43a9", "#705da0", "#508642", "#cca300"),
    *("#447ebc", "#c15c17", "#890f02", "#0a437c", "#6d1f62", "#584477"),
)
COLORS = {"green": "#73bf69", "orange": "#ff9830", "red": "#f2495c", "blue": "#5794f2"}
STYLE = """
body{background:#111217;color:#ccccdc;font:13px system-ui,sans-serif;margin:16px;width:1440px}
a{color:#6e9fff;text-decoration:none} h1{font-size:20px;margin:0 0 4px} p{margin:0 0 12px;color:#9a9aa8}
.grid{display:grid;grid-template-columns:repeat(24,52px);grid-auto-rows:30px;gap:8px}
.panel{background:#181b1f;border:1px solid #25272e;border-radius:3px;overflow:hidden;padding:4px 8px}
.row{font-size:15px;font-weight:600;padding-top:6px;border-bottom:1px solid #25272e}
.title{font-weight:600;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.empty{color:#73bf69;text-align:center;padding-top:24px} .error{color:#f2495c}
table{width:100%;border-collapse:collapse} td,th{padding:2px 6px;text-align:left;white-space:nowrap}
th{color:#6e9fff;font-weight:600} td{border-top:1px solid #25272e} .value{text-align:right}
svg text{fill:#9a9aa8;font-size:11px}
"""
Labels = Mapping[str, str]


@dataclass(frozen=True)
class Series:
    """One series of an answer: its labels, and its values by second."""

    labels: Labels
    points: tuple[tuple[float, float], ...]

    @property
    def last(self) -> float:
        return self.points[-1][1]


class PromError(Exception):
    """Prometheus refuses a query."""


@dataclass(frozen=True)
class Prometheus:
    """The HTTP API of a Prometheus, asked for the hours before `end`, in seconds since 1970."""

    url: str
    end: float
    hours: float = 6

    @property
    def start(self) -> float:
        return self.end - self.hours * 3600

    def now(self, expr: str) -> list[Series]:
        """Returns the values at the end. Raises PromError."""
        answer = self._ask("query", {"query": expr, "time": self.end})
        if answer["resultType"] == "scalar":
            return [_series({}, [answer["result"]])]
        return [_series(each["metric"], [each["value"]]) for each in answer["result"]]

    def over_time(self, expr: str) -> list[Series]:
        """Returns the values of the whole time. Raises PromError."""
        step = (self.end - self.start) / POINTS
        answer = self._ask("query_range", {"query": expr, "start": self.start, "end": self.end, "step": step})
        return [_series(each["metric"], each["values"]) for each in answer["result"]]

    def _ask(self, path: str, parameters: Mapping[str, Any]) -> Any:
        try:
            with urlopen(f"{self.url}/api/v1/{path}?{urlencode(parameters)}", timeout=60) as answer:
                return json.load(answer)["data"]
        except HTTPError as error:
            raise PromError(json.load(error).get("error", str(error))) from None


def _series(labels: Labels, values: Iterable[Sequence[Any]]) -> Series:
    return Series(labels, tuple((float(time), float(value)) for time, value in values))


Answer = list[tuple[dict[str, Any], list[Series]]]
"""Each target of a panel, with its series."""


def answers(panel: Mapping[str, Any], source: Prometheus, variables: Iterable[str]) -> Answer:
    """Returns what a panel shows, with all values of each variable. Raises PromError."""
    found: Answer = []
    for target in panel["targets"]:
        expr = target["expr"]
        for name in sorted(variables, key=len, reverse=True):
            expr = expr.replace(f"${name}", ".+")
        series = source.now(expr) if target["instant"] else source.over_time(expr)
        found.append((target, [each for each in series if math.isfinite(each.last)]))
    return found


def page(dashboard: Mapping[str, Any], source: Prometheus) -> str:
    """Returns the HTML of one dashboard."""
    names = [each["name"] for each in dashboard["templating"]["list"]]
    panels = "\n".join(_panel(panel, source, names) for panel in dashboard["panels"])
    until = datetime.fromtimestamp(source.end, UTC)
    chosen = "".join(f" · {name}: all" for name in names)
    return (
        f'<!doctype html><meta charset="utf-8"><title>{escape(dashboard["title"])}</title><style>{STYLE}</style>'
        f"<h1>{escape(dashboard['title'])}</h1><p>{escape(dashboard['description'])} "
        f'{source.hours:g} hours until {until:%Y-%m-%d %H:%M} UTC{chosen}</p><div class="grid">{panels}</div>'
    )


def _panel(panel: Mapping[str, Any], source: Prometheus, variables: Sequence[str]) -> str:
    grid = panel["gridPos"]
    place = f"grid-column:{grid['x'] + 1}/span {grid['w']};grid-row:{grid['y'] + 1}/span {grid['h']}"
    if panel["type"] == "row":
        return f'<div class="row" style="{place}">{escape(panel["title"])}</div>'
    try:
        body = _body(panel, answers(panel, source, variables))
    except PromError as error:
        body = f'<div class="error">{escape(str(error))}</div>'
    title = f'<div class="title">{_linked(escape(panel["title"]), panel)}</div>'
    return f'<div class="panel" style="{place}" title="{escape(panel["description"])}">{title}{body}</div>'


def _linked(text: str, panel: Mapping[str, Any]) -> str:
    links = panel["fieldConfig"]["defaults"]["links"]
    return f'<a href="{_file(links[0]["url"])}">{text}</a>' if links else text


def _file(url: str) -> str:
    """Returns the page that stands for the dashboard of a link."""
    return f"{url.removeprefix('/d/').partition('?')[0]}.html"


def _body(panel: Mapping[str, Any], found: Answer) -> str:
    defaults, grid = panel["fieldConfig"]["defaults"], panel["gridPos"]
    width, height = grid["w"] * COLUMN - GAP - 18, grid["h"] * LINE - GAP - 30
    if not any(series for _, series in found):
        return f'<div class="empty">{escape(defaults["noValue"])}</div>'
    if panel["type"] == "stat":
        return _stat(found[0][1][0].last, defaults, width, height)
    if panel["type"] == "table":
        return _table(panel, found, height)
    named = [(_name(target, series), series) for target, answer in found for series in answer]
    if panel["type"] == "bargauge":
        return _bars(named, defaults, width, height)
    return _lines(named, defaults, width, height)


def _name(target: Mapping[str, Any], series: Series) -> str:
    name: str = target["legendFormat"]
    for label in name.split("{{")[1:]:
        key = label.partition("}}")[0]
        name = name.replace(f"{{{{{key}}}}}", series.labels.get(key, ""))
    return name.strip()


def _color(value: float, defaults: Mapping[str, Any]) -> str:
    steps = [each for each in defaults["thresholds"]["steps"] if each["value"] is None or value >= each["value"]]
    return COLORS[steps[-1]["color"]]


def _stat(value: float, defaults: Mapping[str, Any], width: int, height: int) -> str:
    text, size = shown(value, defaults["unit"]), min(height * 0.5, 56)
    return (
        f'<svg width="{width}" height="{height}"><text x="{width / 2}" y="{height / 2 + size / 3}" '
        f'text-anchor="middle" style="font-size:{size:.0f}px;fill:{_color(value, defaults)}">{escape(text)}</text>'
        "</svg>"
    )


def _bars(named: list[tuple[str, Series]], defaults: Mapping[str, Any], width: int, height: int) -> str:
    named = sorted(named, key=lambda each: -each[1].last)
    top = defaults.get("max") or max(each.last for _, each in named) or 1
    each_height = min(height / len(named), 34)
    parts = []
    for index, (name, series) in enumerate(named):
        y, full = index * each_height, width - 70
        filled = max(0.0, min(series.last / top, 1)) * full
        parts.append(
            f'<text x="0" y="{y + 11:.0f}">{escape(name)}</text>'
            f'<rect x="0" y="{y + 14:.0f}" width="{full}" height="{each_height - 19:.0f}" fill="#25272e"/>'
            f'<rect x="0" y="{y + 14:.0f}" width="{filled:.0f}" height="{each_height - 19:.0f}" '
            f'fill="{_color(series.last, defaults)}"/>'
            f'<text x="{width}" y="{y + each_height - 6:.0f}" text-anchor="end">'
            f"{escape(shown(series.last, defaults['unit']))}</text>"
        )
    return f'<svg width="{width}" height="{height}">{"".join(parts)}</svg>'


def _table(panel: Mapping[str, Any], found: Answer, height: int) -> str:
    names = panel["transformations"][1]["options"]["renameByName"]
    labels = [name for name in names if not name.startswith("Value")]
    titles = [title for name, title in names.items() if name not in labels]
    units: dict[str, str] = dict.fromkeys(titles, panel["fieldConfig"]["defaults"]["unit"])
    links: dict[str, Any] = {}
    for override in panel["fieldConfig"]["overrides"]:
        for each in override["properties"]:
            (units if each["id"] == "unit" else links)[override["matcher"]["options"]] = each["value"]
    lines: dict[tuple[str, ...], dict[str, float]] = {}
    for title, (_, answer) in zip(titles, found, strict=True):
        for series in answer:
            lines.setdefault(tuple(series.labels.get(label, "") for label in labels), {})[title] = series.last
    falls = panel["options"]["sortBy"][0]["desc"]
    order = sorted(lines.items(), key=lambda line: line[1].get(titles[0], -math.inf), reverse=falls)
    room = height // 24 - 1
    head = "".join(f"<th>{escape(names[name])}</th>" for name in labels)
    head += "".join(f'<th class="value">{escape(name)}</th>' for name in titles)
    rows = [
        "<tr>"
        + "".join(_cell(names[label], value, links) for label, value in zip(labels, key, strict=True))
        + "".join(f'<td class="value">{_value(values.get(title), units[title])}</td>' for title in titles)
        + "</tr>"
        for key, values in order[:room]
    ]
    more = f"<tr><td>and {len(order) - room} more</td></tr>" if len(order) > room else ""
    return f"<table><tr>{head}</tr>{''.join(rows)}{more}</table>"


def _cell(heading: str, value: str, links: Mapping[str, Any]) -> str:
    text = escape(value)
    return (
        f'<td><a href="{_file(links[heading][0]["url"])}">{text}</a></td>' if heading in links else f"<td>{text}</td>"
    )


def _value(value: float | None, unit: str) -> str:
    return "" if value is None else escape(shown(value, unit))


def _lines(named: list[tuple[str, Series]], defaults: Mapping[str, Any], width: int, height: int) -> str:
    stacked = defaults["custom"]["stacking"]["mode"] == "normal"
    legend, bottom = list(_legend([name for name, _ in named], width)), 18
    plot = height - bottom - 16 * (legend[-1][1] + 1) - 6
    seen = sorted({time for _, series in named for time, _ in series.points})
    step = min((after - before for before, after in pairwise(seen)), default=1.0)
    times = [seen[0] + step * index for index in range(round((seen[-1] - seen[0]) / step) + 1)]
    tops = list(_stack(named, times) if stacked else ([dict(series.points)] * 2 for _, series in named))
    highest = max(value for upper, *_ in tops for value in upper.values())
    marks = [each["value"] for each in defaults["thresholds"]["steps"] if each["value"]]
    top = defaults.get("max") or max([highest, *(mark for mark in marks if mark < 3 * highest)]) or 1
    ticks = _ticks(top, defaults["unit"])
    left = 12 + 6 * max(len(shown(tick, defaults["unit"])) for tick in ticks)
    first, last = times[0], max(times[-1], times[0] + 1)

    def at(time: float, value: float) -> str:
        x = left + (time - first) / (last - first) * (width - left - 4)
        return f"{x:.1f},{6 + plot * (1 - min(max(value / ticks[-1], 0), 1)):.1f}"

    parts = [
        f'<path d="M{at(first, tick)}L{at(last, tick)}" stroke="#25272e"/><text x="{left - 6}" '
        f'y="{10 + plot * (1 - tick / ticks[-1]):.0f}" text-anchor="end">{escape(shown(tick, defaults["unit"]))}</text>'
        for tick in ticks
    ]
    for index, (upper, lower) in enumerate(tops):
        color = PALETTE[index % len(PALETTE)]
        for part in _parts(list(upper), step):
            up = "L".join(at(time, upper[time]) for time in part)
            down = "L".join(at(time, lower[time] if stacked else 0) for time in reversed(part))
            opacity = defaults["custom"]["fillOpacity"] / 100
            parts.append(f'<path d="M{up}L{down}Z" fill="{color}" opacity="{opacity}"/>')
            parts.append(f'<path d="M{up}" fill="none" stroke="{color}"/>')
    parts += [
        f'<path d="M{at(first, mark)}L{at(last, mark)}" stroke="{_color(mark, defaults)}" stroke-dasharray="6 4"/>'
        for mark in marks
        if mark <= ticks[-1]
    ]
    parts += _hours(first, last, at, plot + bottom + 2, 6 if width > 500 else 3)
    parts += _names(legend, plot + bottom + 18)
    return f'<svg width="{width}" height="{height}">{"".join(parts)}</svg>'


def _hours(first: float, last: float, at: Callable[[float, float], str], y: float, count: int) -> Iterator[str]:
    for index in range(count + 1):
        time = first + (last - first) * index / count
        x, anchor = at(time, 0).partition(",")[0], "end" if index == count else "middle"
        hour = f"{datetime.fromtimestamp(time, UTC):%H:%M}"
        yield f'<text x="{x}" y="{y}" text-anchor="{anchor}">{hour}</text>'


def _names(legend: Iterable[tuple[int, int, str]], top: float) -> Iterator[str]:
    for index, (x, line, text) in enumerate(legend):
        color = "none" if text.startswith("+") else PALETTE[index % len(PALETTE)]
        yield f'<path d="M{x},{top + 16 * line - 4}h12" stroke="{color}" stroke-width="3"/>'
        yield f'<text x="{x + 16}" y="{top + 16 * line}">{escape(text)}</text>'


def _parts(times: list[float], step: float) -> Iterator[list[float]]:
    """Yields the times of each part of a line: where values are missing it is broken."""
    begin = 0
    for index in range(1, len(times) + 1):
        if index == len(times) or times[index] - times[index - 1] > 1.5 * step:
            yield times[begin:index]
            begin = index


def _legend(names: Sequence[str], width: int) -> Iterator[tuple[int, int, str]]:
    """Yields place, line and text of each name, in two lines; what has no room is counted."""
    x = line = 0
    for index, name in enumerate(names):
        room = 30 + 7 * len(name)
        if x and x + room > width - 60 * line:
            x, line = 0, line + 1
        if line == 2:
            yield width - 55, 1, f"+{len(names) - index}"
            return
        yield x, line, name
        x += room


def _stack(named: list[tuple[str, Series]], times: Sequence[float]) -> Iterator[list[dict[float, float]]]:
    below = dict.fromkeys(times, 0.0)
    for _, series in named:
        values = dict(series.points)
        upper = {time: below[time] + values.get(time, 0.0) for time in times}
        yield [upper, below]
        below = upper


def _ticks(highest: float, unit: str) -> list[float]:
    """Returns five or so round numbers from 0 to the highest value or more: round in its unit."""
    base = 1.0
    if unit == "bytes":
        base = 1024.0 ** math.floor(math.log(max(highest, 1), 1024))
    elif unit == "s":
        base = next((seconds for seconds in (86_400.0, 3600.0, 60.0) if highest >= 2 * seconds), 1.0)
    rough = highest / base / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each for each in (1, 2, 2.5, 5, 10) if each * power >= rough * 0.999) * power * base
    return [step * index for index in range(math.ceil(highest / step - 1e-9) + 1)]


def write(dashboards: Mapping[str, Mapping[str, Any]], source: Prometheus, folder: Path) -> list[Path]:
    """Writes a page for each dashboard, by its uid, and returns their paths."""
    written = []
    for uid, dashboard in dashboards.items():
        path = folder / f"{uid}.html"
        path.write_text(page(dashboard, source), encoding="utf-8")
        written.append(path)
    return written
