"""Alertmanager tells somebody: what no route takes, and what a route takes that takes everything.

The chart's own configuration sends all alerts to a receiver without a channel.
Source: prometheus-community/helm-charts kube-prometheus-stack-88.5.3, values.yaml (alertmanager.config); prometheus.io,
"Alerting configuration" (route, matchers); read 2026-11.
"""

import re
from collections.abc import Iterator, Sequence

from policies.charts import PROMETHEUS_STACK, RELEASE, chart_of
from policies.rule import Case, Resource, Rule, View, each, flag, keys, present, text, texts

CONFIG = "values.alertmanager.config"
ELSEWHERE = ("stringConfig", "alertmanagerSpec.configSecret", "alertmanagerSpec.alertmanagerConfiguration.name")
_ANYTHING = re.compile(r'\s*\{?\s*\w+\s*=~\s*"?\(?\.[*+]\)?"?\s*\}?\s*')


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if chart_of(resource) != PROMETHEUS_STACK:
        return
    if not flag(resource, "values.alertmanager.enabled", default=True):
        yield "values.alertmanager.enabled", "is off: Prometheus has nobody to tell"
        return
    for path in ELSEWHERE:
        if present(resource, f"values.alertmanager.{path}"):
            yield f"values.alertmanager.{path}", "has the configuration, and what it says cannot be seen here"
            return
    hears = {text(receiver, "name") for receiver in each(resource, f"{CONFIG}.receivers") if _has_a_channel(receiver)}
    route = f"{CONFIG}.route"
    if text(resource, f"{route}.receiver", default="null") not in hears:
        yield f"{route}.receiver", "has no channel: alerts that no route takes reach nobody"
    yield from _routes(resource, f"{route}.routes", hears)


def _has_a_channel(receiver: View) -> bool:
    """Tells whether a receiver is told in any way."""
    return any(key.endswith("_configs") and present(receiver, key) for key in keys(receiver, ""))


def _routes(view: View, path: str, hears: set[str]) -> Iterator[tuple[str, str]]:
    """Checks routes that take all alerts: those after them get none, unless they continue."""
    for route in each(view, path):
        if _takes_all(route):
            inner = [*each(route, "routes")]
            if not inner and text(route, "receiver") not in hears and not flag(route, "continue"):
                yield route.under("receiver"), "has no channel, and its route takes every alert"
            yield from _routes(route, "routes", hears)


def _takes_all(route: View) -> bool:
    if keys(route, "match") or keys(route, "match_re"):
        return False
    return all(_ANYTHING.fullmatch(matcher) for matcher in texts(route, "matchers"))


MAIL = {"name": "people", "sns_configs": [{"topic_arn": "arn:aws:sns:us-west-2:123456789012:alerts"}]}
NOBODY = {"name": "nobody"}


def _release(at: str = "", routes: Sequence[object] = (), receiver: str = "people", **changes: object) -> Case:
    config = {"route": {"receiver": receiver, "routes": [*routes]}, "receivers": [NOBODY, MAIL]}
    values = {"alertmanager": {"config": config, **changes}}
    return Case({"chart": PROMETHEUS_STACK, "values": values}, at=f"values.alertmanager.{at}")


RULE = Rule(
    id="obs-alerts-reach-somebody",
    applies_to=RELEASE,
    severity="high",
    why="An alert that reaches nobody is a dashboard that nobody looks at.",
    fix="Write observability.alerts.platform with mail, slack or a webhook.",
    stack_file={"observability.alerts.platform": {"mail": ["<your address>"]}},
    mend={"enabled": True},
    on_unknown="fail",
    dev="disabled",
    staging="advisory",
    check=check,
    good={
        "a receiver with a channel": _release(),
        "some alerts to nobody": _release(routes=[{"receiver": "nobody", "matchers": ['alertname="Watchdog"']}]),
        "an older form of a match": _release(routes=[{"receiver": "nobody", "match": {"severity": "info"}}]),
        "all alerts to somebody by a route": _release(routes=[{"receiver": "people"}]),
        "a route that continues": _release(routes=[{"receiver": "nobody", "continue": True}]),
        "nothing set in another chart": {"chart": "grafana"},
    },
    bad={
        "nothing set": Case({"chart": PROMETHEUS_STACK}, at=f"{CONFIG}.route.receiver"),
        "a receiver without a channel": _release("config.route.receiver", receiver="nobody"),
        "a receiver that is not there": _release("config.route.receiver", receiver="peple"),
        "a receiver with an empty list": Case(
            {
                "chart": PROMETHEUS_STACK,
                "values": {
                    "alertmanager": {
                        "config": {
                            "route": {"receiver": "people"},
                            "receivers": [{"name": "people", "sns_configs": []}],
                        }
                    }
                },
            },
            at=f"{CONFIG}.route.receiver",
        ),
        "a route that takes all": _release("config.route.routes[0].receiver", [{"receiver": "nobody"}]),
        "a route that takes all by a pattern": _release(
            "config.route.routes[0].receiver", [{"receiver": "nobody", "matchers": ['alertname=~".+"']}]
        ),
        "a route that takes all inside of one that does": _release(
            "config.route.routes[0].routes[0].receiver", [{"routes": [{"receiver": "nobody"}]}]
        ),
        "no Alertmanager": _release("enabled", enabled=False),
        "a configuration in an object": _release(
            ELSEWHERE[2], alertmanagerSpec={"alertmanagerConfiguration": {"name": "own"}}
        ),
        "a configuration as text": _release("stringConfig", stringConfig="route: {receiver: people}"),
        "a configuration in a Secret": _release(
            "alertmanagerSpec.configSecret", alertmanagerSpec={"configSecret": "own"}
        ),
    },
)
