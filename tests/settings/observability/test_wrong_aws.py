"""Each mistake that `remote_write` and `cloud_alarms` can have is reported at its path, with advice."""

from typing import Any

import pytest

from settings.core.problems import PathPart
from tests.settings.stacks import problems, stack

Change = tuple[tuple[PathPart, ...], Any]
TOLD_BY_SLACK = (("observability", "alerts"), {"platform": {"slack": "#alerts"}, "heartbeat": True})
METRICS, ALARMS = ("observability", "metrics", "remote_write"), ("observability", "cloud_alarms")
MAIL = ("observability", "alerts", "platform", "mail")
NO_WAY_OUT = (("network", "nat"), "none")
GOV = (("region",), "us-gov-west-1")
BUDGET = (ALARMS, {"monthly_usd": 1000})


def written_to(*endpoints: str, **changes: Any) -> list[Change]:
    return [(METRICS, changes), NO_WAY_OUT, (("network", "endpoints"), {"interface": list(endpoints)})]


WRITTEN, TOLD = "observability.metrics.remote_write", "observability.cloud_alarms"
ELSE = "One of the chart, of your own programs, or another that you know of, belongs in other_metrics."
MISTAKES: dict[str, tuple[list[Change], str, str]] = {
    # what is wrong: (what the stack file says besides, the path of the problem, the end of the message)
    "a query instead of a metric": ([(METRICS, {"metrics": ['up{job="x"}']})], f"{WRITTEN}.metrics", "begin so."),
    "every metric": ([(METRICS, {"metrics": [".*"]})], f"{WRITTEN}.metrics", "gpu:.* for all that begin so."),
    "two in one": ([(METRICS, {"metrics": ["up|down"]})], f"{WRITTEN}.metrics", "begin so."),
    "one twice": ([(METRICS, {"metrics": ["up", "up"]})], f"{WRITTEN}.metrics", "Name each once."),
    "no metric": ([(METRICS, {"metrics": []})], f"{WRITTEN}.metrics", "Add one."),
    "a misspelt metric": (
        [(METRICS, {"metrics": ["up", "gpu_utilisation"]})],
        f"{WRITTEN}.metrics[1]",
        f"Did you mean gpu_utilization? {ELSE}",
    ),
    "a misspelt beginning": (
        [(METRICS, {"metrics": ["gup:.*"]})],
        f"{WRITTEN}.metrics[0]",
        f"Did you mean gpu:.*? {ELSE}",
    ),
    "a name that is a beginning": ([(METRICS, {"metrics": ["gpu:"]})], f"{WRITTEN}.metrics[0]", "other_metrics."),
    "a metric of one's own among those of the platform": (
        [(METRICS, {"metrics": ["vllm:.*"]})],
        f"{WRITTEN}.metrics[0]",
        ELSE,
    ),
    "no pattern": ([(METRICS, {"other_metrics": ["vllm:*"]})], f"{WRITTEN}.other_metrics", "for all that begin so."),
    "four years": ([(METRICS, {"retention_days": 1460})], f"{WRITTEN}.retention_days", "Write 1095 or less."),
    "no series": ([(METRICS, {"max_series": 0})], f"{WRITTEN}.max_series", "Write 1 or more."),
    "more series than AWS takes": (
        [(METRICS, {"max_series": 10_000_001})],
        f"{WRITTEN}.max_series",
        "Write 10000000 or less.",
    ),
    "no way to the workspace": (written_to("ec2", "logs"), WRITTEN, "or drop it."),
    "more than all of a quota": ([(ALARMS, {"quota_percent": 101})], f"{TOLD}.quota_percent", "Write 100 or less."),
    "a disk that is never full": (
        [(ALARMS, {"lustre_free_percent": 0})],
        f"{TOLD}.lustre_free_percent",
        "Write 1 or more.",
    ),
    "no alarms as a word": ([(ALARMS, False)], TOLD, "Write {} for its defaults, null for none, or drop it."),
    "all alarms as a word": ([(ALARMS, True)], TOLD, "Write {} for its defaults, null for none, or drop it."),
    "costs as a block": (
        [(("observability", "costs"), {})],
        "observability.costs",
        "Write costs: true, or costs: false.",
    ),
    "a budget of nothing": ([(ALARMS, {"monthly_usd": 0})], f"{TOLD}.monthly_usd", "Write 1 or more."),
    "alarms that nobody hears of": ([(ALARMS, {})], TOLD, "in observability.alerts.platform.mail, or drop them."),
    "a threshold that nobody hears of": ([(ALARMS, {"quota_percent": 70})], TOLD, "or drop them."),
    "a budget that nobody hears of": ([BUDGET], TOLD, "or drop them."),
    "a budget that eleven hear of": (
        [BUDGET, (MAIL, [f"{number}@example.com" for number in range(11)])],
        f"{TOLD}.monthly_usd",
        "Write the address of a list.",
    ),
    "a budget where AWS has none": (
        [BUDGET, GOV, (MAIL, ["ml@example.com"])],
        f"{TOLD}.monthly_usd",
        "in the account that pays for this one.",
    ),
}
RIGHT: dict[str, list[Change]] = {
    "nothing set": [(METRICS, {})],
    "alarms that a mail tells of": [(ALARMS, {}), (MAIL, ["ml@example.com"])],
    "no alarms": [(ALARMS, None)],
    "names and beginnings": [
        (METRICS, {"metrics": ["up", "gpu:.*", "mesh:.*", "DCGM_FI_DEV_GPU_UTIL", "ALERTS", "scrape_.*"]})
    ],
    "parts of a histogram": [(METRICS, {"metrics": ["karpenter_pods_bound_duration_seconds_bucket"]})],
    "metrics of one's own": [(METRICS, {"other_metrics": ["vllm:.*", "_x:y"]})],
    "a budget": [BUDGET, (MAIL, ["ml@example.com"])],
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_reported_at_its_path_with_a_way_out(name: str) -> None:
    changes, path, end = MISTAKES[name]
    found = [problem for problem in problems(stack(TOLD_BY_SLACK, *changes)) if problem.path == path]
    assert found, [str(each) for each in problems(stack(TOLD_BY_SLACK, *changes))]
    assert found[0].message.endswith(end), found[0].message


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_taken(name: str) -> None:
    assert problems(stack(TOLD_BY_SLACK, *RIGHT[name])) == ()


def test_with_an_endpoint_samples_need_no_way_to_the_internet() -> None:
    assert WRITTEN not in {problem.path for problem in problems(stack(TOLD_BY_SLACK, *written_to("aps-workspaces")))}
