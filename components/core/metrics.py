"""What an add-on or a room says of its metrics: what is read, what is computed from it, and what somebody is told.

Expressions are PromQL. Metrics that they name stand in catalog/data/metrics, one file an exporter.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from settings.cluster.parts import ClusterParts

Severity = Literal["critical", "warning", "info"]
"""critical: somebody gets up at night. warning: the next working day. info: on dashboards, and to nobody."""
Audience = Literal["platform", "team"]


@dataclass(frozen=True, kw_only=True)
class Scrape:
    """Metrics of pods. They become a PodMonitor in the namespace of Prometheus, and flows into and out of pods.

    job: value of the label `job`, and name of the exporter in catalog/data/metrics.
    pods: labels of the pods that serve them. port: whether or not a container declares it.
    namespace: of the pods; "" for that of the add-on's chart.
    seconds: from one reading to the next. of_nodes: whether each pod tells of its node: series get its name as `node`,
    and no label of the exporter's own pod, unless keeps_pod.
    keeps_labels: whether a label of a series stands where the pod has one of that name (`honorLabels`).
    drop: metrics that are not kept, as a regular expression. keep: the names of those that are; empty for all.
    samples: of one pod at most: of one with more, none is kept.
    host_network: whether the pods have the address of their node, where no network policy holds.
    team: whose program it is; "" for the platform's. Its job is <team>/<program>, as no exporter's is, so that rules
    which ask for theirs do not hear of it. most_pods: with more, none of them is read; 0 for any number.
    """

    job: str
    pods: Mapping[str, str]
    port: int
    namespace: str = ""
    path: str = "/metrics"
    seconds: int = 30
    of_nodes: bool = False
    keeps_pod: bool = False
    keeps_labels: bool = False
    drop: str = ""
    keep: tuple[str, ...] = ()
    samples: int = 500_000
    host_network: bool = False
    team: str = ""
    most_pods: int = 0


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A rule that keeps the value of an expression under a name. about: what it is, with its unit."""

    name: str
    expr: str
    about: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Alert:
    """A rule that tells somebody.

    minutes: for which the expression has to hold. summary: one sentence for a person who was asleep, with
    `{{ $labels.x }}` and `{{ $value }}`. audience: team where the label `namespace` of its series is one of a team,
    which then hears of it. Its runbook is the section of its name in docs/runbooks/alerts/<group>.md.
    """

    name: str
    expr: str
    minutes: int
    severity: Severity
    summary: str
    audience: Audience = "platform"


def always(cluster: ClusterParts) -> bool:
    return True


def no_constants(cluster: ClusterParts, region: str) -> Sequence[Recording]:
    return ()


@dataclass(frozen=True, kw_only=True)
class RuleGroup:
    """Rules that are judged together, in their order. when: whether a cluster has them.

    constants: series that follow from the settings of a cluster in a region, such as prices; they come first.
    """

    name: str
    rules: tuple[Recording | Alert, ...]
    when: Callable[[ClusterParts], bool] = always
    constants: Callable[[ClusterParts, str], Sequence[Recording]] = no_constants

    def rules_of(self, cluster: ClusterParts, region: str) -> tuple[Recording | Alert, ...]:
        """Returns the rules of one cluster: constants, then the others."""
        return (*self.constants(cluster, region), *self.rules)
