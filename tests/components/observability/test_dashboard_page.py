"""The page of dashboards: what a panel shows, and that each query of each panel is answered by a real Prometheus."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.core.metrics import Recording
from components.observability.dashboard_json import dashboard_json, of_cluster
from components.observability.rules_of import prometheus_rule, rule_groups
from settings.cluster.parts import ClusterParts
from tests.components.observability.dashboard_page import PromError, Prometheus, Series, answers, page, write
from tests.components.observability.dashboard_series import HOURS, series
from tests.components.observability.units import shown
from tests.components.stacks import POOL, stack
from tests.simulator.telemetry.programs import is_built
from tests.simulator.telemetry.server import prometheus_with_past

UNTIL = 1_800_000_000.0
POOLS: list[dict[str, Any]] = [
    POOL,
    {"name": "h100", "instance_types": ["p5.48xlarge"], "zones": ["us-west-2a"], "provisioner": "karpenter"},
    {"name": "a100", "instance_types": ["p4de.24xlarge"], "sharing": {"strategy": "mig", "profile": "1g.10gb"}},
    {
        "name": "l4",
        "instance_types": ["g6.12xlarge"],
        "provisioner": "karpenter",
        "sharing": {"strategy": "time-slicing", "replicas": 4},
    },
]


def cluster() -> ClusterParts:
    """Returns a cluster with all dashboards, whose pools are those of the series."""
    clusters = {"main": {"version": "1.35", "pools": POOLS}}
    return stack(mesh={"namespaces": []}, observability={"grafana": {}}, clusters=clusters).parts_of("main")


def shown_dashboards() -> dict[str, dict[str, Any]]:
    return {uid: dashboard_json(dashboard, cluster()) for uid, dashboard in of_cluster(cluster()).items()}


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.415, "percentunit", "41.5 %"),
        (-0.5, "percentunit", "-50 %"),
        (103_000, "currencyUSD", "$103 k"),
        (0.0225, "currencyUSD", "$0.02"),
        (1.5 * 2**40, "bytes", "1.5 TiB"),
        (0, "bytes", "0 B"),
        (2.2e9, "Bps", "2.2 GB/s"),
        (5300, "watt", "5.3 kW"),
        (38, "celsius", "38 °C"),
        (0.125, "s", "125 ms"),
        (86_400 * 40, "s", "40 d"),
        (90, "s", "1.5 min"),
        (0, "s", "0 s"),
        (1234567, "short", "1.23 M"),
        (94, "none", "94"),
        (0.6, "cpm", "0.6 /min"),
    ],
)
def test_a_value_is_shown_in_its_unit(value: float, unit: str, text: str) -> None:
    assert shown(value, unit) == text


class Answers(Prometheus):
    """A Prometheus that gives every query the same series."""

    given: tuple[Series, ...] = ()

    def now(self, expr: str) -> list[Series]:
        if "broken" in expr:
            raise PromError("parse error: unclosed <b>")
        return list(self.given)

    over_time = now


def source(*given: Series) -> Answers:
    made = Answers("http://nowhere.invalid", UNTIL)
    object.__setattr__(made, "given", given)
    return made


def line(*values: float | None, **labels: str) -> Series:
    return Series(labels, tuple((UNTIL + 60 * index, value) for index, value in enumerate(values) if value is not None))


def test_a_page_loads_nothing_and_escapes_what_labels_say() -> None:
    for uid, dashboard in shown_dashboards().items():
        text = page(dashboard, source(line(1, 2, node="<script>", namespace="a&b")))
        assert "<script" not in text
        assert not re.search(r"https?://", text), uid
        for panel in dashboard["panels"]:
            assert panel["title"] in text


def test_panels_link_to_the_pages_of_the_next_level() -> None:
    found = shown_dashboards()
    assert 'href="gpus.html"' in page(found["platform"], source(line(1)))
    assert 'href="gpu-workload.html"' in page(found["gpus"], source(line(1, pod="a")))


def test_what_is_empty_says_so_and_what_is_refused_says_why() -> None:
    dashboard = shown_dashboards()["platform"]
    assert "nothing fires" in page(dashboard, source())
    (panel,) = [each for each in dashboard["panels"] if each["title"] == "Nodes"]
    panel["targets"][0]["expr"] = "broken"
    assert "parse error: unclosed &lt;b&gt;" in page(dashboard, source())


def test_a_line_is_broken_where_values_are_missing() -> None:
    dashboard = shown_dashboards()["cluster"]
    (panel,) = [each for each in dashboard["panels"] if each["title"] == "Memory in use"]
    alone = {**dashboard, "panels": [panel]}
    strokes = r'<path d="M[^"]*" fill="none" stroke'
    assert len(re.findall(strokes, page(alone, source(line(1, 2, 3, 2, node="a"))))) == 1
    assert len(re.findall(strokes, page(alone, source(line(1, 2, None, None, 3, 2, node="a"))))) == 2


def test_a_table_is_sorted_and_says_what_it_leaves_out() -> None:
    dashboard = shown_dashboards()["platform"]
    (panel,) = [each for each in dashboard["panels"] if each["title"] == "Alerts"]
    many = [line(float(number), alertname=f"Alert{number:03}") for number in range(40)]
    text = page({**dashboard, "panels": [panel]}, source(*many))
    assert text.index("Alert039") < text.index("Alert038")
    assert "Alert000" not in text
    assert re.search(r"and \d+ more", text)


def test_what_ends_first_stands_first() -> None:
    dashboard = shown_dashboards()["cluster"]
    (panel,) = [each for each in dashboard["panels"] if each["title"] == "Certificates that end first"]
    text = page({**dashboard, "panels": [panel]}, source(line(9e6, name="later"), line(60, name="soon")))
    assert text.index("soon") < text.index("later")


def test_variables_stand_for_all_their_values() -> None:
    asked = []

    class Listens(Answers):
        def now(self, expr: str) -> list[Series]:
            asked.append(expr)
            return []

        over_time = now

    dashboard = shown_dashboards()["gpu-workload"]
    page(dashboard, Listens("http://nowhere.invalid", UNTIL))
    assert asked
    assert all("$" not in expr for expr in asked)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that has read a small cluster for some hours, with our recording rules."""
    end = time.time()
    recorded = []
    for group in rule_groups(cluster(), "us-west-2"):
        rules = [each for each in group.rules_of(cluster(), "us-west-2") if isinstance(each, Recording)]
        if rules:
            (made,) = prometheus_rule(type(group)(name=group.name, rules=tuple(rules)), "")["spec"]["groups"]
            recorded.append(made)
    folder = tmp_path_factory.mktemp("prometheus")
    with prometheus_with_past(Path(folder), recorded, series(end)) as running:
        yield Prometheus(running.url, end - 60, hours=HOURS - 1)


@is_built
@pytest.mark.parametrize("uid", sorted(of_cluster(cluster())))
def test_each_panel_shows_something_of_a_cluster_that_runs(uid: str, prometheus: Prometheus) -> None:
    dashboard = shown_dashboards()[uid]
    names = [each["name"] for each in dashboard["templating"]["list"]]
    empty = [
        panel["title"]
        for panel in dashboard["panels"]
        if panel["type"] != "row" and not any(found for _, found in answers(panel, prometheus, names))
    ]
    assert not empty, "a query that finds nothing asks for what nobody exposes, or by a label that it has not"
    text = page(dashboard, prometheus)
    assert 'class="error"' not in text
    unnamed = re.findall(r"<text[^>]*>(?:\s*| / [^<]*|[^<]* /\s*)</text>", text)
    assert not unnamed, "a line or a bar that lacks a label has no name"


LOOK = """<script>
const outside = panel => { const own = panel.getBoundingClientRect(); return text => {
  const box = text.getBoundingClientRect();
  return box.left < own.left || box.right > own.right || box.bottom > own.bottom
}};
const cut = [...document.querySelectorAll(".panel")].filter(panel => panel.scrollWidth > panel.clientWidth ||
  [...panel.querySelectorAll("text, td, th")].some(outside(panel)));
document.body.dataset.cut = cut.map(panel => panel.querySelector(".title").textContent).join(", ") || "nothing";
</script>"""


@is_built
@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not here: Debian's package chromium has it")
def test_a_browser_shows_each_page_with_all_its_words(prometheus: Prometheus, tmp_path: Path) -> None:
    """The pages and pictures of them stay in the folder of the test, to be looked at."""
    for path in write(shown_dashboards(), prometheus, tmp_path):
        path.write_text(path.read_text(encoding="utf-8") + LOOK, encoding="utf-8")
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
        picture = [*command, "--window-size=1480,2200", f"--screenshot={path.with_suffix('.png')}", path.as_uri()]
        subprocess.run(picture, check=True, capture_output=True, timeout=120)
        shown = subprocess.run([*command, "--dump-dom", path.as_uri()], check=True, capture_output=True, timeout=120)
        assert 'data-cut="nothing"' in shown.stdout.decode(), re.findall(r'data-cut="[^"]*"', shown.stdout.decode())


def test_series_are_those_of_all_gpus() -> None:
    busy = [name for name in series(UNTIL) if name.startswith("DCGM_FI_PROF_GR_ENGINE_ACTIVE")]
    of_gpus = {re.sub(r',?(pod|namespace|container|vgpu)="[^"]*"', "", name) for name in busy}
    assert len(of_gpus) == 16 + 7 * 8 + 4, "an exporter tells of GPUs and instances that nobody holds, too"


@is_built
def test_what_a_node_holds_is_steady(prometheus: Prometheus) -> None:
    for series_of in prometheus.over_time("sum by (node) (gpu:allocation_ratio)"):
        assert len({value for _, value in series_of.points}) == 1, "a pass recorded it before what it stands on"


@is_built
def test_the_figures_of_one_cluster_agree(prometheus: Prometheus) -> None:
    def value(uid: str, title: str) -> float:
        dashboard = shown_dashboards()[uid]
        (panel,) = [each for each in dashboard["panels"] if each["title"] == title and each["type"] == "stat"]
        ((_, (found,)),) = answers(panel, prometheus, [each["name"] for each in dashboard["templating"]["list"]])
        return found.last

    assert value("gpus", "GPUs") == pytest.approx(28), "8 + 8 whole ones, 8 cut into 56, and 4 shared by 4"
    assert value("gpus", "Held") == pytest.approx((8 + 4 + 1 / 7 + 3 / 4) / 28), "what ended holds nothing"
    busy = (12 * 0.9 + 0.04 / 7 + 2 * 0.55) / 28
    assert value("gpus", "Busy") == pytest.approx(busy, rel=0.1), "an instance is a seventh of a GPU, held or not"
    assert value("gpu-workload", "Busy") == pytest.approx((12 * 0.9 + 0.04 / 7 + 0.75 * 0.55) / 12.9, rel=0.1)
    assert value("platform", "Nodes") == 6, "the copies of OpenCost would make it 12"
    assert value("costs", "A month at this rate") == pytest.approx(value("costs", "USD an hour") * 730)
    assert value("gpu-workload", "GPUs held") == pytest.approx(value("gpus", "Held") * value("gpus", "GPUs"))
    for (one, title), (other, same) in {
        ("gpus", "Busy"): ("platform", "GPUs that compute"),
        ("gpus", "Idle, USD an hour"): ("costs", "Idle GPU time, USD an hour"),
        ("costs", "USD an hour"): ("platform", "USD an hour"),
        ("cluster", "Nodes not ready"): ("platform", "Nodes not ready"),
        ("karpenter", "Pods that wait"): ("platform", "Pods that wait"),
    }.items():
        assert value(one, title) == pytest.approx(value(other, same)), f"{title} of {one} is {same} of {other}"
