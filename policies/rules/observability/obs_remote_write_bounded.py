"""What Prometheus writes elsewhere is a list of metrics, over TLS, and two replicas are told apart.

Amazon Managed Prometheus keeps one sample of two replicas where both labels are there. In kube-prometheus-stack the
label of a replica is `prometheus_replica` unless it is set.
Source: Amazon Managed Service for Prometheus user guide, "Send high availability data"; prometheus-operator v0.93.0,
RemoteWriteSpec; read 2026-11.
"""

from collections.abc import Iterator

from common.values import UNKNOWN
from policies.charts import PROMETHEUS_STACK, RELEASE, chart_of
from policies.rule import Case, Resource, Rule, View, at_if_known, each, number, text, texts

PROMETHEUS = "kubernetes:monitoring.coreos.com/v1:Prometheus"
SPEC, ENTRIES, RELABEL = "values.prometheus.prometheusSpec", "remoteWrite", "writeRelabelConfigs"
REPLICA, AWS = "__replica__", "aps-workspaces."
EVERYTHING = frozenset({"", ".*", ".+", "(.*)", "(.+)"})


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.type == RELEASE and chart_of(resource) != PROMETHEUS_STACK:
        return
    spec = SPEC if resource.type == RELEASE else "spec"
    entries = [*each(resource, f"{spec}.{ENTRIES}")]
    for entry in entries:
        url = at_if_known(entry, "url")
        if url is not None and not str(url).startswith("https://"):
            yield entry.under("url"), "is not https: metrics and credentials go in the clear"
        if not any(_keeps_a_list(item) for item in each(entry, RELABEL)):
            yield entry.under(RELABEL), "keeps no list of metrics: all samples are sent, and each is billed"
    if any(map(_is_aws, entries)):
        yield from _replicas(resource, spec)


def _is_aws(entry: View) -> bool:
    """An address that is not known yet is of a workspace of this stack."""
    url = at_if_known(entry, "url")
    return url is None or AWS in str(url) or at_if_known(entry, "sigv4") is not None


def _keeps_a_list(item: View) -> bool:
    named = texts(item, "sourceLabels") == ["__name__"]
    return named and text(item, "action").lower() == "keep" and text(item, "regex") not in EVERYTHING


def _replicas(resource: Resource, spec: str) -> Iterator[tuple[str, str]]:
    if (number(resource, f"{spec}.replicas") or 1) < 2:
        return
    if text(resource, f"{spec}.replicaExternalLabelName") != REPLICA:
        yield f"{spec}.replicaExternalLabelName", f"is not {REPLICA}: AWS keeps and bills the samples of each replica"
    if not text(resource, f"{spec}.externalLabels.cluster"):
        yield f"{spec}.externalLabels.cluster", "is not set: AWS keeps and bills the samples of each replica"


KEEP = {"sourceLabels": ["__name__"], "regex": "up|gpu:.*", "action": "keep"}
URL = "https://aps-workspaces.us-west-2.amazonaws.com/workspaces/ws-1/api/v1/remote_write"


def _entries(**changes: object) -> list[dict[str, object]]:
    return [{"url": URL, RELABEL: [KEEP], **changes}]


def _release(at: str = "", chart: str = PROMETHEUS_STACK, **changes: object) -> Case:
    spec = {
        "replicas": 2,
        "replicaExternalLabelName": REPLICA,
        "externalLabels": {"cluster": "main"},
        ENTRIES: _entries(),
        **changes,
    }
    return Case({"chart": chart, "values": {"prometheus": {"prometheusSpec": spec}}}, at=f"{SPEC}.{at}")


RULE = Rule(
    id="obs-remote-write-bounded",
    applies_to=(RELEASE, PROMETHEUS),
    severity="medium",
    why="A second replica, or one exporter with many labels, doubles a bill that nobody looks at for a month.",
    fix=f"Write {RELABEL} with action keep on __name__, replicaExternalLabelName: {REPLICA}, externalLabels.cluster.",
    mend={"replicaExternalLabelName": "__replica__", "cluster": "<cluster>"},
    on_unknown="fail",
    dev="advisory",
    check=check,
    good={
        "a list, and both labels": _release(),
        "an address that is known later": _release(remoteWrite=_entries(url=UNKNOWN)),
        "one replica": _release(replicas=1, replicaExternalLabelName=None),
        "another place": _release(
            replicaExternalLabelName=None, remoteWrite=_entries(url="https://metrics.example.com/write")
        ),
        "a keep after a drop": _release(
            remoteWrite=_entries(writeRelabelConfigs=[{"action": "labeldrop", "regex": "pod"}, KEEP])
        ),
        "nothing written": _release(remoteWrite=None),
        "nothing set in another chart": {"chart": "grafana"},
        "its custom resource": Case({"spec": {"replicas": 2}}, type=PROMETHEUS),
    },
    bad={
        "nothing set but the address": Case(
            {"spec": {ENTRIES: [{"url": URL}]}}, type=PROMETHEUS, at=f"spec.{ENTRIES}[0].{RELABEL}"
        ),
        "no list": _release(f"{ENTRIES}[0].{RELABEL}", remoteWrite=_entries(writeRelabelConfigs=[])),
        **{
            f"a list of everything, as {regex}": _release(
                f"{ENTRIES}[0].{RELABEL}", remoteWrite=_entries(writeRelabelConfigs=[{**KEEP, "regex": regex}])
            )
            for regex in sorted(EVERYTHING)
        },
        "a list of another label": _release(
            f"{ENTRIES}[0].{RELABEL}", remoteWrite=_entries(writeRelabelConfigs=[{**KEEP, "sourceLabels": ["job"]}])
        ),
        "a list of what is not sent": _release(
            f"{ENTRIES}[0].{RELABEL}", remoteWrite=_entries(writeRelabelConfigs=[{**KEEP, "action": "drop"}])
        ),
        "the second entry": _release(f"{ENTRIES}[1].{RELABEL}", remoteWrite=[*_entries(), {"url": URL}]),
        "without TLS": _release(f"{ENTRIES}[0].url", remoteWrite=_entries(url="http://metrics.example.com")),
        "the label of the operator": _release("replicaExternalLabelName", replicaExternalLabelName=None),
        "the label of the operator, and an address that is known later": _release(
            "replicaExternalLabelName", replicaExternalLabelName="replica", remoteWrite=_entries(url=UNKNOWN)
        ),
        "no label of the cluster": _release("externalLabels.cluster", externalLabels={}),
        "a packed chart": _release(
            "externalLabels.cluster", "./charts/kube-prometheus-stack-88.5.3.tgz", externalLabels=None
        ),
    },
)
