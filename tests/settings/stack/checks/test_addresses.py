"""An address that network policies would not open is refused, with what to write."""

from typing import Any

import pytest

from settings.core.services import namespace_of_host
from tests.settings.stacks import problems, stack

RANGES = ["10.200.0.0/28"]
SERVICE, NEAR = "tempo.tempo.svc;", "Write its ranges too."
REFUSED = {
    # host -> what the message has
    "tempo": "write tempo.<namespace>.svc,",
    "tempo.tempo": "write tempo.tempo.svc;",
    "tempo.lab": "write tempo.lab.svc;",  # a team's namespace, though .lab might be a name
    "tempo.ml": "write tempo.ml.svc;",  # Mali's, but there is such a namespace
    "tempo.corp.internal": "name its ranges.",
    "vpc-logs-abc.us-west-2.es.amazonaws.com": "write its ranges too,",
    "10.0.0.5": NEAR,
    "100.64.0.5": NEAR,
}
TAKEN = (
    *("tempo.tempo.svc", "tempo-0.tempo.tempo.svc", "tempo.tempo.svc.cluster.local", "tempo.example.com", "a.b.io"),
    "search-logs-abc.us-west-2.es.amazonaws.com",
)
TEAM = {"name": "lab", "namespaces": ["lab", "ml"]}


def places(host: str, ranges: list[str]) -> dict[str, dict[str, Any]]:
    """Returns each setting that has an address: path -> settings."""
    more = {"ranges": ranges} if ranges else {}
    domain = {"domain": "platform-logs", "host": host, **more}
    vault = {"store": "vault", "vault": {"address": f"https://{host}:8200", **more}}
    alerts = {"platform": {"mail": ["platform@example.com"]}}

    def observed(**settings: Any) -> dict[str, Any]:
        return {"observability": {"alerts": alerts, **settings}}

    loki, otlp = ({"address": f"http://{host}:{port}", **more} for port in (3100, 4318))
    return {
        "observability.traces.otlp.address": observed(traces={"otlp": otlp}),
        "observability.logs.loki.address": observed(logs={"to": "loki", "loki": loki}),
        "observability.logs.opensearch.host": observed(logs={"to": "opensearch", "opensearch": domain}),
        "secrets.vault.address": {"secrets": vault},
    }


def messages(path: str, settings: dict[str, Any], **more: Any) -> list[str]:
    rest = {"teams": [{**TEAM, "secrets": {"hub": {"keys": ["token"]}}}], **settings, **more}
    found = problems(stack(*(((key,), each) for key, each in rest.items())))
    return [each.message for each in found if each.path == path]


@pytest.mark.parametrize("host", REFUSED)
def test_with_isolation_it_says_what_to_write(host: str) -> None:
    for path, settings in places(host, []).items():
        if path.endswith("host") and (host == "tempo" or host[0].isdigit()):
            continue  # which is no host of a domain anyway
        (message,) = messages(path, settings, isolation={})
        assert host in message
        assert REFUSED[host] in message


@pytest.mark.parametrize("host", TAKEN)
def test_what_is_reached_is_taken(host: str) -> None:
    for path, settings in places(host, []).items():
        assert messages(path, settings, isolation={}) == [], path


@pytest.mark.parametrize("host", [each for each in REFUSED if "." in each])
def test_ranges_open_any_name_and_without_isolation_nothing_is_closed(host: str) -> None:
    for path, settings in places(host, RANGES).items():
        if not (path.endswith("host") and host[0].isdigit()):
            assert messages(path, settings, isolation={}) == [], path
            assert messages(path, places(host, [])[path]) == [], path


def test_a_name_without_a_dot_is_of_the_own_namespace_alone() -> None:
    for path, settings in places("tempo", []).items():
        assert path.endswith("host") or messages(path, settings)


def test_only_whole_names_of_services_are_read_as_theirs() -> None:
    assert {namespace_of_host(each) for each in TAKEN[:3]} == {"tempo"}
    assert {namespace_of_host(each) for each in ("svc", "tempo.svc", "a.b.c.d.svc", "tempo.tempo", "x.svc.com")} == {
        None
    }
