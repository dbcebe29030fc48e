"""Inputs whose change in one direction is a danger: a row of `ROWS` for each.

Data that is kept for less time, copies and backups that end, switches that are turned off.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from catalog.eks_addons import GUARDDUTY_AGENT
from catalog.images import IMAGES
from common.quantities import seconds
from common.urns import name_of
from components.core.admission import ALLOWS, DEMANDS
from costs.resource import Resource
from report.dangers.danger import ALONE, CLUSTER, GRAVE, LATER, NAMESPACE, SERIOUS, Danger, Plan, at, every, of_change
from report.dangers.data import HOLDS_DATA, SECRET
from report.dangers.doors import RELEASE, chart_of
from report.dangers.pools import NODE_CLASS, NODE_GROUP, NODE_POOL
from report.dangers.protection import LOCK
from report.dangers.secrets import STORE
from report.properties import document
from report.tables import some
from settings.observability.metrics import TELEMETRY
from settings.storage.recovery_plan import MINUTES as PAUSES

Inputs = Mapping[str, Any]
Worse = Callable[[Inputs, Inputs], str]
"""Returns in words what is worse after than before; "" when nothing is."""

_NEVER = float("inf")
BACKUP = "tags.ml-platform:backup"
MINUTES: Mapping[str, float] = {str(schedule): minutes for schedule, minutes in PAUSES.items()}
"""Value of the tag -> minutes between two backups; other values select nothing."""

ENFORCE, LEVELS = "pod-security.kubernetes.io/enforce", ("privileged", "baseline", "restricted")
"""The label of a namespace and its values, from the one that allows most.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/, read 2026-11.
"""
INBOUND = (
    *("all-unauthenticated", "audit", "cluster-unauthenticated"),
    *("all-authenticated", "cluster-authenticated", "deny"),
)
"""What a meshed pod takes when no policy speaks of it.

Source: linkerd2 edge-26.8.3, policy-controller/k8s/index, defaults.rs; read 2026-11.
"""

LOOK = "look first, with audit, whom the proxies would refuse"

_NAMES_AN_IMAGE = re.compile(
    r"([iI]mages?(\..+|Name|Namespace|Version)?|\.version|defaultVersion|linkerdVersion"
    r"|(\b|[a-z])([tT]ag|[dD]igest|[sS]ha|[rR]egistry|[rR]epository))$"
)
_NAMES_NONE = re.compile(
    r"[pP]ull(Policy|Secrets?)\b|[iI]mage\.(command|resources|tls)\b|\bemissary\.images|\bmanaged\w*Tag|[lL]abels\."
    r"|input\.tag|config\.defaultRegistry|values\.registry|(Spec|node-exporter|values)\.version"
)
_CATALOGUED = {name for each in IMAGES.values() for name in (each.pinned_tag, each.reference)}
_PERIOD, _STREAMS = (f"values.loki.limits_config.retention_{each}" for each in ("period", "stream"))


# Comparisons


def sooner(path: str) -> Worse:
    """Compares days, or durations such as `720h`, after which something is deleted. Not set and 0 mean never."""

    def worse(before: Inputs, after: Inputs) -> str:
        was, becomes = (min((_days(each) for each in every(x, path)), default=_NEVER) for x in (before, after))
        return f"{_in_days(becomes)}, before: {_in_days(was)}" if becomes < was else ""

    return worse


def fewer(path: str) -> Worse:
    """Compares a number of days, or of something else, that is kept. Not set means none."""

    def worse(before: Inputs, after: Inputs) -> str:
        was, becomes = (min((each for each in every(x, path) if _is_number(each)), default=0) for x in (before, after))
        if _is_later(after, path):
            return ""
        return f"{was:.0f} → {f'{becomes:.0f}' if becomes else 'none'}" if becomes < was else ""

    return worse


def without(*paths: str, of: Sequence[str] = ()) -> Worse:
    """Compares the values at some paths: those that are gone. of: those that count; all when none is given."""

    def worse(before: Inputs, after: Inputs) -> str:
        old, new = ([str(each) for path in paths for each in every(x, path)] for x in (before, after))
        lost = [each for each in dict.fromkeys(old) if each not in new and (not of or each in of)]
        return "" if any(_is_later(after, path) for path in paths) else some(lost, 5)

    return worse


def gained(*paths: str) -> Worse:
    """Compares the values at some paths: those that are new."""
    lost = without(*paths)
    return lambda before, after: lost(after, before)


def another(path: str) -> Worse:
    """Tells whether there is a value that is not the one of before."""

    def worse(before: Inputs, after: Inputs) -> str:
        was, becomes = (at(each, path) for each in (before, after))
        return f"{was} → {becomes}" if was and was != becomes else str(becomes) if was != becomes else ""

    return worse


def of_chart(chart: str, worse: Worse) -> Worse:
    """Compares the releases of one chart."""
    return lambda before, after: worse(before, after) if chart_of(after) == chart else ""


def elsewhere(*parents: str, told: Sequence[str]) -> Worse:
    """Tells at which paths below some values are others than before, but for those that rows tell of in words."""

    def worse(before: Inputs, after: Inputs) -> str:
        old, new = ({leaf for x in parents for leaf in _leaves(at(each, x), x)} for each in (before, after))
        changed = {path for path, value in old ^ new if value != LATER and path not in told}
        return some(sorted(path for path in changed if not any(x.startswith(f"{path}.") for x in changed)), 5)

    return worse


def other_images(before: Inputs, after: Inputs) -> str:
    """Tells which images are named anew by values of a chart that stays as it is, but for those of the catalog."""
    if before.get("version") != after.get("version"):
        return ""
    old, new = ({*_leaves(at(each, "values"), "values")} for each in (before, after))
    return some(
        sorted(
            f"{path} {value}"
            for path, value in new - old
            if value not in ("", "True", "False", LATER, *_CATALOGUED) and names_an_image(path)
        ),
        5,
    )


def names_an_image(path: str) -> bool:
    """Tells whether a value of a chart, by its path from `values` on, is an image, or a part of the name of one."""
    return bool(_NAMES_AN_IMAGE.search(path)) and not _NAMES_NONE.search(path)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    inner = value.items() if isinstance(value, Mapping) else enumerate(value) if _has_objects(value) else ()
    for key, each in inner:
        yield from _leaves(each, f"{path}.{key}")
    if not inner:
        yield path, "" if value is None else str(value)


def no_longer(path: str, safe: Any, default: Any = None) -> Worse:
    """Tells whether a value was the safe one and is another now. default: what AWS takes when it is not set."""

    def worse(before: Inputs, after: Inputs) -> str:
        was, becomes = (next(iter(every(x, path)), default) for x in (before, after))
        return f"{_word(was)} → {_word(becomes)}" if was == safe != becomes and not _is_later(after, path) else ""

    return worse


def more(path: str, least: float, unit: str, unset: float) -> Worse:
    """Compares a number, or a text of digits, that may grow up to `least`. unset: what counts when it is not set."""

    def worse(before: Inputs, after: Inputs) -> str:
        was, becomes = (next((float(x) for x in every(each, path) if _digits(x)), unset) for each in (before, after))
        if _is_later(after, path) or not max(was, least) < becomes:
            return ""
        return " → ".join("not set" if each == unset else f"{each:.0f}{unit}" for each in (was, becomes))

    return worse


def rarer(before: Inputs, after: Inputs) -> str:
    """Compares the schedules by which two values of a tag select a resource for backups."""
    was, becomes = (str(at(each, BACKUP)) for each in (before, after))
    return f"{was} → {becomes}" if MINUTES.get(was, _NEVER) < MINUTES.get(becomes, 0) else ""


def budgets(before: Inputs, after: Inputs) -> str:
    """Compares how many nodes may be disrupted at any time: the least that a budget without a schedule allows."""

    def least(inputs: Inputs) -> tuple[float, str]:
        always = [str(at(x, "nodes")) for x in every(inputs, "spec.disruption.budgets") if not at(x, "schedule")]
        return min((float(x.rstrip("%")) if x.rstrip("%").isdigit() else _NEVER, x) for x in always or ["10%"])

    (was, old), (becomes, new) = least(before), least(after)
    return f"{old} → {new}" if becomes > was else ""


def differs(*paths: str) -> Worse:
    """Tells which of some inputs are others than before: nobody can say whether they are better."""

    def worse(before: Inputs, after: Inputs) -> str:
        return some([x for x in paths if at(before, x) != at(after, x) and not _is_later(after, x)])

    return worse


def in_words(before: Inputs, after: Inputs, mark: str) -> tuple[list[str], list[str]] | None:
    """Returns what a rule of the API server says of itself before and after; None where it does not."""
    old, new = (_below(each, "metadata.annotations", mark, LATER) for each in (before, after))
    lists = [[part for part in each.split(", ") if part] for each in (old, new)]
    return None if LATER in (old, new) else (lists[0], lists[1])


def unless_in_words(worse: Worse) -> Worse:
    """Compares where `teams` does not tell the change in words of the settings, and words do not begin with it."""

    def compared(before: Inputs, after: Inputs) -> str:
        said = (in_words(before, after, mark) for mark in (ALLOWS, DEMANDS))
        in_other_words = any(each and each[0] != each[1] for each in said)
        return "" if in_other_words or _words_begin(before, after) else worse(before, after)

    return compared


def when_words_begin(worse: Worse) -> Worse:
    """Compares where a rule says of itself what it did not say before, as after an upgrade of this platform."""
    return lambda before, after: worse(before, after) if _words_begin(before, after) else ""


def _words_begin(before: Inputs, after: Inputs) -> bool:
    old, new = ((at(each, "metadata.annotations") or {}) for each in (before, after))
    return any(mark in new for mark in (ALLOWS, DEMANDS)) and not any(mark in old for mark in (ALLOWS, DEMANDS))


def ranked(levels: Sequence[str], parent: str, key: str) -> Worse:
    """Compares a value at a key, which may have dots. levels: from the one that allows most, which is the default.

    What is known after `up` only is no danger yet.
    """

    def worse(before: Inputs, after: Inputs) -> str:
        was, becomes = (_below(x, parent, key, levels[0]) for x in (before, after))
        known = all(each in levels for each in (was, becomes))
        return f"{was} → {becomes}" if known and levels.index(becomes) < levels.index(was) else ""

    return worse


def _below(inputs: Inputs, parent: str, key: str, default: str = "") -> str:
    """Returns a value at a key below a path; the default where there is none, LATER where it is not known yet."""
    if _is_later(inputs, parent):
        return LATER
    values = at(inputs, parent)
    return str(values.get(key, default)) if isinstance(values, Mapping) else default if values is None else LATER


def older_pod_security(before: Inputs, after: Inputs) -> str:
    """Compares the version of Kubernetes whose Pod Security a namespace enforces, where it enforces one."""
    levels, versions = (
        [_below(x, "metadata.labels", f"{ENFORCE}{ending}") for x in (before, after)] for ending in ("", "-version")
    )
    minors = [re.fullmatch(r"v1\.(\d+)", each) for each in versions]
    old, new = (int(minor[1]) if minor else None for minor in minors)
    enforced = all(each in LEVELS[1:] for each in levels)
    return " → ".join(versions) if enforced and old is not None and new is not None and new < old else ""


def out_of_mesh(before: Inputs, after: Inputs) -> str:
    """Tells whether the pods of a namespace got the proxy, and do not any more."""
    return "out of it" if is_injected(before) and not is_injected(after) else ""


def is_injected(inputs: Inputs) -> bool:
    """Tells whether the pods of a namespace get the proxy."""
    webhooks = _below(inputs, "metadata.labels", "config.linkerd.io/admission-webhooks")
    return _below(inputs, "metadata.annotations", "linkerd.io/inject") in ("enabled", "ingress", LATER) and (
        webhooks != "disabled"
    )


def refuses_more(was: str, becomes: str) -> bool:
    """Tells whether meshed pods refuse somebody anew. With `audit`, as without any policy, they refuse nobody."""
    known = all(each in INBOUND for each in (was, becomes))
    return known and INBOUND.index(becomes) > max(INBOUND.index(was), INBOUND.index("audit"))


def default_refuses_more(before: Inputs, after: Inputs) -> str:
    """Compares what the meshed pods of a control plane take when no policy speaks of them."""
    was, becomes = (_below(each, "values.proxy", "defaultInboundPolicy", INBOUND[0]) for each in (before, after))
    return f"{was} → {becomes}" if refuses_more(was, becomes) else ""


def spans_elsewhere(before: Inputs, after: Inputs) -> str:
    """Compares where the proxies of a control plane send their spans; where they sent none before, nothing is lost."""
    was, becomes = (_below(each, "values.proxy.tracing.collector", "endpoint") for each in (before, after))
    return f"{was} → {becomes or 'nowhere'}" if was and was != becomes else ""


def other_health(before: Inputs, after: Inputs) -> str:
    """Tells what else load balancers ask pods for their health, or take for an answer.

    Source: AWS Load Balancer Controller v3.5.0, apis/gateway/v1, HealthCheckConfiguration; read 2026-11.
    """
    asked = {f"spec.defaultConfiguration.healthCheckConfig.{path}": word for path, word in _HEALTH.items()}
    return some(
        [
            f"{word} {_word(at(before, path))} → {_word(at(after, path))}"
            for path, word in asked.items()
            if at(before, path) != at(after, path)
        ]
    )


def flags(*names: str) -> Worse:
    """Tells which of some flags were on and are off."""
    return lambda before, after: some([x for x in names if before.get(x) is True and after.get(x) is not True])


def _all_of_it(before: Inputs, after: Inputs) -> str:
    return "" if after else "all"


def ended(*paths: str) -> Worse:
    """Tells whether a resource goes, or values at some paths."""
    return lambda before, after: _all_of_it(before, after) or without(*paths)(before, after)


def stays_on(before: Inputs, after: Inputs) -> str:
    """Tells whether a feature of GuardDuty loses its resource while it is on."""
    return "is given up" if not after and before.get("status") == "ENABLED" else ""


def fewer_findings(before: Inputs, after: Inputs) -> str:
    """Compares the least severity in the patterns of rules of events."""
    was, becomes = (
        min((float(each) for each in re.findall(r'">=?", *([\d.]+)', str(x.get("eventPattern")))), default=0)
        for x in (before, after)
    )
    return f"{was:g} → {becomes:g}" if becomes > was else ""


def told_later(before: Inputs, after: Inputs) -> str:
    """Compares from which value on an alarm tells somebody."""
    was, becomes = (at(each, "threshold") for each in (before, after))
    below = str(at(after, "comparisonOperator")).startswith("Less")
    if not (_is_number(was) and _is_number(becomes)) or was == becomes or (becomes < was) != below:
        return ""
    return f"{was:g} → {becomes:g}"


def less_hidden(before: Inputs, after: Inputs) -> str:
    """Tells which keys and patterns the script of Fluent Bit no longer takes out of logs."""
    old, new = (_below(each, "values.luaScripts", "records.lua") for each in (before, after))
    if LATER in (old, new):
        return ""
    shown = (x for x in _HIDDEN.findall("\n".join(_HIDES.findall(old))) if x not in "\n".join(_HIDES.findall(new)))
    return some([json.loads(each) for each in shown], 5)


def less_logs(before: Inputs, after: Inputs) -> str:
    """Tells of which streams Loki keeps logs for less time: of those with days of their own, and of all others."""
    was, becomes = (
        {"": _days(at(each, _PERIOD)), **{at(x, "selector"): _days(at(x, "period")) for x in every(each, _STREAMS)}}
        for each in (before, after)
    )
    shorter = [
        f"{key and f'of {key} '}{_in_days(becomes.get(key, becomes['']))}, before: {_in_days(was.get(key, was['']))}"
        for key in sorted({*was, *becomes})
        if becomes.get(key, becomes[""]) < was.get(key, was[""])
    ]
    return "" if _is_later(after, _PERIOD) else some(shorter, 5)


def gains_a_role(before: Inputs, after: Inputs) -> str:
    """Tells which groups of the identity provider get a role in Grafana that they have not had."""
    old, new = (_roles(_section(each, *_OAUTH)) for each in (before, after))
    return some([f"{group or 'everybody who logs in'} as {role}" for group, role in new if (group, role) not in old], 5)


def _roles(oauth: Inputs) -> list[tuple[str, str]]:
    """Returns group and role of each case of the expression, and of everybody else where these need no role."""
    everybody = ["'Viewer'"] if oauth.get("role_attribute_strict") is False else []
    cases = [*str(oauth.get("role_attribute_path", "")).split(" || "), *everybody]
    return [_role(each) for each in cases if each.strip("'") and each != LATER]


def _role(case: str) -> tuple[str, str]:
    """Returns group and role of one case of the expression; "" for everybody else."""
    named = [each for each in re.findall(r"'([^']*)'", case) if each]
    return ("", *named)[-2], named[-1] if named else case


def lets_in_elsewhere(before: Inputs, after: Inputs) -> str:
    """Tells which other hosts, or other realms of a host, decide who logs in to Grafana."""
    old, new = (_section(each, *_OAUTH) for each in (before, after))
    keys = [key for key in ("auth_url", "token_url", "api_url") if old.get(key) and new.get(key) not in (None, LATER)]
    places = {key: tuple(_place(each[key]) for each in (old, new)) for key in keys}
    hosts = {was[0] for was, _ in places.values()}
    more = {is_[0] if is_[0] not in hosts else "".join(is_) for was, is_ in places.values() if was != is_}
    return some(sorted(more))


def _place(url: object) -> tuple[str, str]:
    """Returns host, with its port where that is not the one of its scheme, and path of an address."""
    parts = urlsplit(str(url))
    own = ":443" if parts.scheme == "https" else ":80"
    return parts.netloc.lower().removesuffix(own), parts.path.rstrip("/")


def _section(inputs: Inputs, path: str, *keys: str) -> Inputs:
    """Returns the object at a path and, below it, at keys that may have dots; an empty one where there is none."""
    found = at(inputs, path)
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _unless_telemetry(worse: Worse) -> Worse:
    """Compares storage classes but that of Prometheus, whose claims go with it: `telemetry` tells of those."""
    return lambda before, after: "" if at(before, "metadata.name") == TELEMETRY else worse(before, after)


def agent_goes(before: Inputs, after: Inputs) -> str:
    """Tells whether an add-on that goes is the agent of GuardDuty."""
    return "of a whole cluster" if not after and before.get("addonName") == GUARDDUTY_AGENT else ""


def bounded(was: bool, becomes: bool) -> Worse:
    """Compares the permissions boundaries of those that had one before or not, and have one after or not."""

    def worse(before: Inputs, after: Inputs) -> str:
        old, new = before.get("permissionsBoundary"), after.get("permissionsBoundary")
        if (bool(old), bool(new)) != (was, becomes) or old == new:
            return ""
        return " → ".join(str(each) for each in (old, new) if each)

    return worse


def fewer_images(before: Inputs, after: Inputs) -> str:
    """Compares what a lifecycle of ECR keeps: a number of images, and days of those without a tag."""
    told = []
    for count, what in (("imageCountMoreThan", "images"), ("sinceImagePushed", "days without a tag")):
        was, becomes = (_least(document(each.get("policy")), count) for each in (before, after))
        if becomes < was:
            told.append(f"{'all' if was == _NEVER else f'{was:.0f}'} → {becomes:.0f} {what}")
    return ", ".join(told)


def _least(policy: Any, count: str) -> float:
    rules = [at(each, "selection") for each in every(policy, "rules")] if isinstance(policy, Mapping) else []
    return min((each["countNumber"] for each in rules if each and each.get("countType") == count), default=_NEVER)


@dataclass(frozen=True)
class _Expiry:
    """What a rule of a lifecycle deletes. rest: of its filter, beside the prefix. kept: versions that it leaves."""

    prefix: str
    rest: str
    days: float
    kept: int

    def covers(self, other: "_Expiry", *, days: bool = True) -> bool:
        reached = other.prefix.startswith(self.prefix) and self.rest in ("", other.rest)
        return reached and (not days or (self.days <= other.days and self.kept <= other.kept))


def expires(kind: str) -> Worse:
    """Compares what the rules of a lifecycle delete: how soon, and of which objects."""

    def worse(before: Inputs, after: Inputs) -> str:
        old = list(_expiries(before, kind))
        for each in sorted(_expiries(after, kind), key=lambda one: one.days):
            if not any(was.covers(each) for was in old):
                days = min((was.days for was in old if was.covers(each, days=False)), default=_NEVER)
                where = f" under {each.prefix}" if each.prefix else ""
                fewest = min((was.kept for was in old if was.covers(each, days=False)), default=0)
                stay = f"; newer versions: {fewest} → {each.kept}" if each.kept < fewest else ""
                return f"{_in_days(each.days)}{where}, before: {_in_days(days)}{stay}"
        return ""

    return worse


def _expiries(inputs: Inputs, kind: str) -> Iterator[_Expiry]:
    for rule in every(inputs, "rules"):
        given, chosen = at(rule, kind), at(rule, "filter.and") or at(rule, "filter") or {}
        if not (isinstance(given, Mapping) and isinstance(chosen, Mapping)) or at(rule, "status") == "Disabled":
            continue
        days = 0 if given.get("date") else _days(given.get("days") or given.get("noncurrentDays"))
        rest = {key: value for key, value in chosen.items() if key != "prefix" and value}
        prefix, kept = at(chosen, "prefix") or at(rule, "prefix") or "", given.get("newerNoncurrentVersions")
        if days < _NEVER:
            yield _Expiry(str(prefix), str(rest or ""), days, int(kept) if _is_number(kept) else 0)


# Rows


@dataclass(frozen=True)
class Row:
    """One kind of input. says: {} stands for the names, <how> for the words of `worse`.

    gone: whether it counts also when the resource is deleted, and what it is about stays. new: tells of a new resource
    whether it counts.
    """

    types: Sequence[str]
    worse: Worse
    says: str
    consequence: str
    gently: str = ""
    severity: int = GRAVE
    gone: bool = False
    new: Callable[[Plan, str], object] | None = None


def _refuses_foreign_images(plan: Plan, urn: str) -> bool:
    """Tells whether a rule refused images of other registries before: one that warns lets them in already."""
    return any(
        at(each.inputs, "spec.policyName") == "ml-platform-images"
        and "Deny" in every(each.inputs, "spec.validationActions")
        for each in plan.before.values()
        if each.type == _GUARDS[1]
    )


_CLASS = ("kubernetes:storage.k8s.io/v1:StorageClass",)
_OAUTH = ("values.grafana", "grafana.ini", "auth.generic_oauth")
_HIDES, _HIDDEN = re.compile(r"^(?:DROPPED|REDACTED) = .*$", re.MULTILINE), re.compile(r'[\[{] ?("(?:[^"\\]|\\.)*")')
_ROTATION, _DAYS = "aws:secretsmanager/secretRotation:SecretRotation", "rotationRules.automaticallyAfterDays"
_SAME = "who has read its value can use it for longer"
_CACHE = ("aws:ecr/pullThroughCacheRule:PullThroughCacheRule",)
_STAY = "pods that a policy forbids run on, and do not come again when they end"
_HEARD = "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:sns/topicSubscription:TopicSubscription"
_DETECTOR, _FEATURE = "aws:guardduty/detector:Detector", "aws:guardduty/detectorFeature:DetectorFeature"
_RULE, _TARGET = "aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"
_ALONE = (*_CACHE, *_HEARD, _DETECTOR, _FEATURE)
"""Types that are about no resource beside them: that their component goes as well is no reason to be silent."""
_KYVERNO, _EXCEPTIONS = "kyverno", "values.features.policyExceptions.enabled"
_LEFT_OUT = "values.config.webhooks.namespaceSelector.matchExpressions"
_TOLD, _LOOK_FIRST = (f"{_LEFT_OUT}.0.values", _EXCEPTIONS), "look first, with audit, which pods it would refuse"
_LETS_PAST = (
    *(
        f"values.features.{each}"
        for each in ("policyExceptions", "forceFailurePolicyIgnore", "excludeBootstrapResources", "autoUpdateWebhooks")
    ),
    *(f"values.features.{each}" for each in ("registryClient.allowInsecure", "protectManagedResources", "tuf")),
    *(f"values.config.exclude{each}" for each in ("Groups", "Usernames", "Roles", "ClusterRoles", "KyvernoNamespace")),
    *(f"values.config.resourceFilters{each}" for each in ("", "Exclude", "ExcludeNamespaces")),
    *(f"values.config.resourceFilters{each}" for each in ("Include", "IncludeNamespaces")),
    *(f"values.config.{each}" for each in ("webhooks", "matchConditions", "create", "name")),
)
"""Values of Kyverno that decide what is judged. Source: v1.19.0, charts/kyverno/values.yaml; read 2026-11."""
_RIGHTS = tuple(
    f"values.{each}.rbac"
    for each in ("admissionController", "backgroundController", "cleanupController", "reportsController")
)
_LIFECYCLES = tuple(f"aws:s3/bucketLifecycleConfiguration{v}:BucketLifecycleConfiguration{v}" for v in ("", "V2"))
_WORKSPACE = "aws:amp/workspaceConfiguration:WorkspaceConfiguration"
_PLAN, _SELECTION = ("aws:backup/plan:Plan",), ("aws:backup/selection:Selection",)
_REPOSITORY, _BOUNDED = "aws:ecr/repository:Repository", ("aws:iam/role:Role", "aws:iam/user:User")
_DATABASES = ("aws:rds/instance:Instance", "aws:rds/cluster:Cluster")
_LUSTRE, _LINK = (
    "aws:fsx/lustreFileSystem:LustreFileSystem",
    ("aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation",),
)
_COPIES = (
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
    "aws:efs/replicationConfiguration:ReplicationConfiguration",
)
_BLOCKS = tuple(f"aws:s3/{kind}PublicAccessBlock:{kind.title()}PublicAccessBlock" for kind in ("bucket", "account"))
_KEY = "aws:kms/key:Key"
_GUARD = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy"
_GUARDS = (_GUARD, f"{_GUARD}Binding")

_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
_ASKED = tuple(f"spec.{x}" for x in ("matchConstraints", "matchConditions", "matchResources", "policyName", "paramRef"))

_HEALTH = {
    **{f"healthCheck{word.title()}": word for word in ("path", "port", "protocol")},
    **{f"matcher.{kind}Code": f"{kind} codes" for kind in ("http", "grpc")},
}
_EXPORTS = "s3.autoExportPolicy.events"
_NO_COPY = "a loss of the first place is a loss of the data from then on"
_MORE_LOST = "more may be lost between two backups"
_NO_BACKUP = "no new recovery points are made of what they cover"
_REFUSES = "what it refuses today is possible afterwards"
_METADATA = "pods can take the credentials of their node"
_PODS = "pods may ask for more of their node, up to all of it"
_ENDS, _LATER = "nodes beyond it end, with the jobs that run there", "let the jobs end first"
_UNSEEN = "what happens is no longer recorded, and cannot be looked up later"
_LESS = "older backups of it are deleted, and with none, no new ones are made"


def _sooner(what: str, types: Sequence[str], worse: Worse) -> Row:
    says, gently = f"{what} of {{}} are deleted <how>", "copy what has to be kept first"
    return Row(types, worse, says, "what is older goes with this update", gently, new=Plan.stood)


def _switch(path: str, safe: Any, *types: str, default: Any = None, severity: int = GRAVE) -> Row:
    return Row(types, no_longer(path, safe, default), f"{path} of {{}}: <how>", _REFUSES, ALONE, severity)


def _lower(path: str, *types: str, lost: str = _REFUSES, gone: bool = False) -> Row:
    return Row(types, fewer(path), f"{path} of {{}}: <how>", lost, ALONE, gone=gone)


ROWS: Mapping[str, Sequence[Row]] = {
    "data": (
        _sooner("logs", ("aws:cloudwatch/logGroup:LogGroup",), sooner("retentionInDays")),
        _sooner("metrics", (_WORKSPACE,), sooner("retentionPeriodInDays")),
        Row(
            (_WORKSPACE,),
            fewer("limitsPerLabelSets.limits.maxSeries"),
            "series that workspace {} takes: <how>",
            "AWS refuses samples of those beyond it, and no history has them",
            severity=SERIOUS,
        ),
        _sooner("objects", _LIFECYCLES, expires("expiration")),
        _sooner("old versions of objects", _LIFECYCLES, expires("noncurrentVersionExpiration")),
        Row(
            ("aws:ecr/lifecyclePolicy:LifecyclePolicy",),
            fewer_images,
            "images that the lifecycle of {} keeps: <how>",
            "ECR deletes the others within a day, also those that pods run, which then start on no other node",
            "copy what has to be kept first",
        ),
        _sooner("recovery points", _PLAN, sooner("rules.lifecycle.deleteAfter")),
        _sooner("logs", (RELEASE,), of_chart("loki", less_logs)),
        _sooner("traces", (RELEASE,), sooner("values.tempo.retention")),
        _sooner("backups", ("kubernetes:velero.io/v1:Schedule",), sooner("spec.template.ttl")),
        _sooner("backups", (RELEASE,), sooner("values.schedules.*.template.ttl")),
        _lower("backupRetentionPeriod", *_DATABASES, lost=_LESS),
        _lower("automaticBackupRetentionDays", _LUSTRE, lost=_LESS),
        Row(
            ("aws:s3/bucketVersioning:BucketVersioning",),
            no_longer("versioningConfiguration.status", "Enabled"),
            "versioning of bucket {} is suspended",
            "what is overwritten or deleted from then on is lost",
            "shorten the time that old versions are kept instead",
            gone=True,
        ),
        Row(tuple(HOLDS_DATA), rarer, "backups of {} are made less often: <how>", _MORE_LOST, severity=SERIOUS),
        *(
            Row(
                tuple(HOLDS_DATA),
                more(f"tags.ml-platform:{what}-minutes", 0, " minutes", _NEVER),
                f"recovery target of {{}}, {what.upper()}: <how>",
                lost,
                "ask those who depend on the data first",
                severity=SERIOUS,
            )
            for what, lost in (("rpo", _MORE_LOST), ("rto", "it may take longer to get the data back"))
        ),
        Row(
            _PLAN,
            without("rules.schedule"),
            "backups by {} are no longer made at <how>",
            _MORE_LOST,
            severity=SERIOUS,
        ),
        Row(
            _PLAN,
            without("rules.copyActions.destinationVaultArn"),
            "backups by {} are no longer copied to <how>",
            _NO_COPY,
        ),
        Row(
            ("aws:efs/backupPolicy:BackupPolicy",),
            no_longer("backupPolicy.status", "ENABLED"),
            "backups of file system {} end",
            _NO_BACKUP,
            gone=True,
        ),
        Row(
            _COPIES,
            ended("rules.destination.bucket", "destination.region", "destination.fileSystemId"),
            "{} [is|are] no longer copied to another place",
            _NO_COPY,
            "keep the copy until another one is complete",
            gone=True,
        ),
        Row(
            _LINK,
            without(_EXPORTS, of=("NEW", "CHANGED")),
            "files of {} are no longer exported to its bucket: <how>",
            "they are lost with the file system",
            "export them by a task first",
            gone=True,
        ),
        Row(
            _LINK,
            lambda before, after: (
                "all" if "DELETED" in set(every(after, _EXPORTS)) - set(every(before, _EXPORTS)) else ""
            ),
            "files that are deleted in {} are deleted in its bucket too",
            "a wrong command in the file system reaches the bucket",
        ),
        Row(
            _CLASS,
            no_longer("reclaimPolicy", "Retain"),
            "volumes of class {} are deleted with their claims",
            "a deleted claim loses the data of a volume that is made from then on",
        ),
        Row(
            (_KEY,),
            no_longer("isEnabled", True, True),
            "key {} [is|are] disabled",
            "nothing that is encrypted with it can be read until it is enabled again",
        ),
    ),
    "access": (
        Row(
            _BLOCKS,
            flags("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"),
            "{} no longer [has|have] <how>",
            "objects can be made public",
            gone=True,
        ),
        Row(
            _BOUNDED,
            bounded(True, False),
            "permissionsBoundary of {}: no longer <how>",
            "its policies alone say what it may do",
        ),
        Row(
            _BOUNDED,
            bounded(True, True),
            "permissionsBoundary of {}: <how>",
            "its policies and the new one say what it may do, and nobody compares the two",
        ),
        Row(
            _BOUNDED,
            bounded(False, True),
            "permissionsBoundary of {}: <how>",
            "what that policy leaves out is refused at once, also to pods and machines that run",
            "compare it with the boundary of `make report` first: docs/guides/security/identities.md",
            SERIOUS,
        ),
        *(
            Row(types, worse, f"{what} of {{}}: <how>", _METADATA, ALONE)
            for types, path in (((_TEMPLATE,), "metadataOptions"), ((NODE_CLASS,), "spec.metadataOptions"))
            for what, worse in (
                ("hops to the node's metadata", more(f"{path}.httpPutResponseHopLimit", 1, "", _NEVER)),
                ("tokens for the node's metadata", no_longer(f"{path}.httpTokens", "required")),
            )
        ),
        Row(
            _CACHE,
            another("upstreamRegistryUrl"),
            "images of <how> are let in, by cache {}",
            "rules on registries let in what is cached: pods of teams may run what anybody publishes there",
            "name in admission.registries the paths that are let in",
            SERIOUS,
            new=_refuses_foreign_images,
        ),
        Row(
            (RELEASE,),
            of_chart("fluent-bit", less_hidden),
            "logs, by {}, show what was taken out of them: <how>",
            "who reads logs reads it, for as long as they are kept; nothing takes it out again",
            ALONE,
        ),
        Row(
            (RELEASE,),
            of_chart("kube-prometheus-stack", gains_a_role),
            "groups get roles in Grafana, by {}: <how>",
            "each role sees the metrics of all teams; an Admin changes users and data sources",
            "see first who is in these groups",
            SERIOUS,
        ),
        Row(
            (RELEASE,),
            of_chart("kube-prometheus-stack", lets_in_elsewhere),
            "who is let in to Grafana, by {}, is decided by <how>",
            "it says of each who logs in what groups they are in, and gets the secret of the client",
            "see first who runs it",
        ),
        Row(
            (_ROTATION,),
            another("rotationLambdaArn"),
            "a function gets the secret of {}: <how>",
            "it reads the value and writes the next one, and so does who may change its code",
            "see first who that is",
            SERIOUS,
            new=Plan.stood,
        ),
        *(
            Row(
                (STORE,),
                another(f"spec.provider.vault.auth.kubernetes.{path}"),
                f"secrets of team {{}} are read with another {what} in its Vault: <how>",
                "what it may read there is known to Vault alone; until it may, Secrets keep their values",
                "see first what it may read",
                SERIOUS,
            )
            for path, what in (("role", "role"), ("mountPath", "way in"))
        ),
        Row(
            ("kubernetes:core/v1:PersistentVolume",),
            no_longer("spec.csi.readOnly", False, False),
            "volume {} can only be read from then on: readOnly <how>",
            "pods that write to it fail",
            "let those who write to it move first",
            SERIOUS,
        ),
        Row(
            (RELEASE,),
            of_chart(_KYVERNO, elsewhere(*_RIGHTS, told=())),
            "Kyverno, by {}, has other rights: <how>",
            "who has pods beside it, or writes policies for it, may use what it may: see access.md",
            ALONE,
        ),
        Row(
            (RELEASE,),
            other_images,
            "{} [runs|run] other images than its chart names: <how>",
            "they have the rights of the add-on, and an older one has the mistakes that were mended since",
            "name them by digest, of a registry that is yours",
            SERIOUS,
        ),
        Row(
            (RELEASE,),
            default_refuses_more,
            "what meshed pods take without a policy, by {}: <how>",
            "callers that nobody has named are refused",
            LOOK,
            SERIOUS,
        ),
        Row(
            (RELEASE,),
            spans_elsewhere,
            "where proxies of the mesh send their spans, by {}: <how>",
            "each sends them where it did until its pod starts again, and loses them where nobody takes them",
            "start meshed pods again: docs/guides/observability/traces.md#spans-of-the-mesh",
            SERIOUS,
        ),
        Row(
            ("kubernetes:gateway.k8s.aws/v1:TargetGroupConfiguration",),
            other_health,
            "load balancers ask pods behind {} for their health elsewhere: <how>",
            "pods that do not answer there get no requests",
            "let the pods answer there first",
            SERIOUS,
        ),
    ),
    "nodes": (
        Row(
            _CACHE,
            ended(),
            "the cache {} [goes|go]",
            "pods start from images that are in it, and from no others of these registries; its repositories stay",
            "let pods name the images elsewhere first",
            SERIOUS,
            gone=True,
        ),
        Row(
            _CLASS,
            differs("parameters", "provisioner"),
            "volumes of storage class {} are made otherwise: <how>",
            "those that exist stay as they are, also with their key",
            "keep that key as long as they are there",
            SERIOUS,
        ),
        Row(
            _CLASS,
            _unless_telemetry(ended()),
            "storage class {} [goes|go]",
            "new claims of it stay pending, and pods that wait for them; volumes that exist stay",
            "move the claims in charts and manifests to another class first",
            SERIOUS,
            gone=True,
        ),
        *(
            Row(
                (NODE_POOL,),
                worse,
                f"{what} of {{}}: <how>",
                "nodes with running jobs may be replaced, more of them at a time",
                "give it a budget with a schedule",
                SERIOUS,
            )
            for what, worse in (
                ("disruption budget", budgets),
                ("consolidation", no_longer("spec.disruption.consolidationPolicy", "WhenEmpty")),
            )
        ),
        *(
            Row((RELEASE,), of_chart(_KYVERNO, worse), says, _STAY, _LOOK_FIRST, SERIOUS)
            for worse, says in (
                (without(f"{_LEFT_OUT}.values"), "Kyverno, by {}, judges namespace <how>"),
                (no_longer(_EXCEPTIONS, True), "exceptions from policies count no longer, by {}: <how>"),
            )
        ),
        Row(
            (RELEASE,),
            of_chart(_KYVERNO, fewer("values.admissionController.replicas")),
            "pods of Kyverno, by {}: <how>",
            "while none of them answers, everything that a policy judges is refused",
            severity=SERIOUS,
        ),
        *(
            Row((NODE_GROUP,), fewer(f"scalingConfig.{size}"), f"{what} of {{}}: <how>", _ENDS, _LATER, SERIOUS)
            for what, size in (("most nodes", "maxSize"), ("nodes", "desiredSize"))
        ),
        Row(
            (NODE_GROUP,),
            more("updateConfig.maxUnavailablePercentage", 50, "%", 0),
            "nodes of {} that an update may take at a time: <how>",
            "the next update ends the jobs on most of them at once",
            "leave it at 50 or less",
            SERIOUS,
        ),
        Row(
            (NODE_GROUP,),
            no_longer("nodeRepairConfig.enabled", True),
            "nodes of {} are no longer repaired: <how>",
            "a broken node stays, and jobs on it hang or fail",
            severity=SERIOUS,
        ),
    ),
    "money": (
        Row(
            ("aws:budgets/budget:Budget",),
            more("limitAmount", 0, " USD", _NEVER),
            "budget {} is raised: <how>",
            "people are told of what is spent later",
            severity=SERIOUS,
        ),
    ),
    "protection": (
        _switch("deletionProtection", True, CLUSTER, *_DATABASES, default=False),
        _switch("deletionProtectionEnabled", True, "aws:dynamodb/table:Table", default=False),
        _switch("forceDestroy", False, "aws:s3/bucket:Bucket", "aws:backup/vault:Vault", default=False),
        _switch("forceDelete", False, _REPOSITORY, default=False),
        _switch("imageTagMutability", "IMMUTABLE", _REPOSITORY, default="MUTABLE"),
        _switch("imageScanningConfiguration.scanOnPush", True, _REPOSITORY, default=False, severity=SERIOUS),
        _switch("enableKeyRotation", True, _KEY, default=False, severity=SERIOUS),
        _switch("enabled", True, "aws:ebs/encryptionByDefault:EncryptionByDefault", default=True),
        _switch("accessConfig.authenticationMode", "API", CLUSTER),
        _switch("spec.failurePolicy", "Fail", _GUARD, default="Fail"),
        _switch("rule.defaultRetention.mode", "COMPLIANCE", LOCK),
        _lower("minRetentionDays", "aws:backup/vaultLockConfiguration:VaultLockConfiguration", gone=True),
        _lower("rule.defaultRetention.days", LOCK, gone=True),
        _lower("rule.defaultRetention.years", LOCK, gone=True),
        _lower("deletionWindowInDays", _KEY),
        _lower("recoveryWindowInDays", SECRET),
        Row((_GUARD,), ended(), "the API server's rule {} [goes|go]", _REFUSES, ALONE, gone=True),
        *(
            Row(_GUARDS, worse, f"the API server's rule {{}} {says} <how>", _REFUSES, ALONE)
            for worse, says in (
                (without("spec.validationActions"), "no longer [does|do]"),
                (unless_in_words(without("spec.validations.expression")), "no longer [checks|check]"),
                (differs(*_ASKED), "[is|are] asked about other objects:"),
                (unless_in_words(differs("spec.variables")), "[computes|compute] with others:"),
            )
        ),
        Row(
            (_GUARD,),
            when_words_begin(without("spec.validations.expression")),
            "the API server's rule {} now says in words what it lets in, and no longer [checks|check] <how>",
            "what it checks instead has to be read in its expressions, this once",
            "compare them with those of before",
            SERIOUS,
        ),
        *(
            Row((NAMESPACE,), worse, f"Pod Security of namespace {{}}{says}: <how>", _PODS, ALONE)
            for worse, says in (
                (older_pod_security, " is that of an older Kubernetes"),
                (ranked(LEVELS, "metadata.labels", ENFORCE), ""),
            )
        ),
        Row(
            (NAMESPACE,),
            out_of_mesh,
            "pods of {} leave the mesh with their next start",
            "they send in the clear, and meshed pods that ask who they are refuse them",
            ALONE,
        ),
        Row(
            (RELEASE,),
            ranked(INBOUND, "values.proxy", "defaultInboundPolicy"),
            "what meshed pods take without a policy, by {}: <how>",
            "pods that nobody has named get in",
            ALONE,
        ),
        *(
            Row((RELEASE,), of_chart(_KYVERNO, worse), says, _REFUSES, ALONE)
            for worse, says in (
                (gained(f"{_LEFT_OUT}.values"), "Kyverno, by {}, no longer judges namespace <how>"),
                (no_longer(_EXCEPTIONS, False, False), "exceptions from policies count, by {}: <how>"),
                (elsewhere(*_LETS_PAST, told=_TOLD), "Kyverno, by {}, is set otherwise: <how>"),
            )
        ),
        _switch("values.webhookFailurePolicy", "Fail", RELEASE, default="Ignore"),
        Row(
            (CLUSTER,), without("enabledClusterLogTypes"), "cluster {} no longer [writes|write] logs of <how>", _UNSEEN
        ),
        Row((_ROTATION,), ended(), "the secret of {} is rotated no more", _SAME, gone=True, severity=SERIOUS),
        Row((_ROTATION,), more(_DAYS, 0, " days", 0), "days of {}: <how>", _SAME, severity=SERIOUS),
        Row(
            _HEARD,
            ended(),
            "alarm or mail {} [ends|end]",
            "nobody hears any more of what it told",
            gone=True,
            severity=SERIOUS,
        ),
        Row(
            _HEARD[:1],
            no_longer("actionsEnabled", True, True),
            "alarm {} no longer [tells|tell] anybody",
            "nobody hears any more of what it told",
        ),
        Row(
            _HEARD[:1],
            told_later,
            "alarm {} tells somebody from another value on: <how>",
            "what it told before is heard of later, or never",
            severity=SERIOUS,
        ),
        Row(
            (_RULE, _TARGET),
            ended(),
            "rule or target of events {} [ends|end]",
            "nobody hears any more of what it told",
            gone=True,
            severity=SERIOUS,
        ),
        Row(
            (_RULE,),
            fewer_findings,
            "{} tells of findings from another severity on: <how>",
            "nobody hears any more of those below it",
            severity=SERIOUS,
        ),
        Row(
            (_RULE,),
            no_longer("state", "ENABLED", "ENABLED"),
            "{} no longer [tells|tell] anybody: <how>",
            "nobody hears any more of what it told",
        ),
        Row(
            (_DETECTOR,),
            ended(),
            "detector {} [ends|end]",
            "GuardDuty looks at nothing more in the account and region, also for others, and its findings are gone",
            "export the findings first",
            gone=True,
        ),
        _switch("enable", True, _DETECTOR, default=True),
        Row((_FEATURE,), no_longer("status", "ENABLED"), "{}: <how> in GuardDuty", _UNSEEN),
        Row(
            (_FEATURE,),
            stays_on,
            "{} <how>: unless its detector goes, it stays on and is billed",
            "to delete the resource calls nothing in AWS, and GuardDuty goes on with what no stack knows any more",
            "turn it off by hand, unless others want it: `aws guardduty update-detector --features`",
            gone=True,
            severity=SERIOUS,
        ),
        Row(
            ("aws:eks/addon:Addon",),
            agent_goes,
            "nodes lose their agent of GuardDuty, <how>",
            "what processes do on them is no longer seen",
            gone=True,
        ),
        Row(("aws:ec2/flowLog:FlowLog",), ended(), "traffic is no longer recorded by {}", _UNSEEN, gone=True),
    ),
}


def find(plan: Plan) -> Iterator[Danger]:
    """Yields what the rows say of the changed resources. What leaves the stack and stays in AWS does not count."""
    yield from _unselected(plan)
    by_type: dict[str, list[tuple[str, Row]]] = {}
    for kind, row in ((kind, row) for kind, rows in ROWS.items() for row in rows):
        for each in row.types:
            by_type.setdefault(each, []).append((kind, row))
    for change in plan.changes(*by_type):
        before, after = plan.inputs(change.urn)
        for kind, row in by_type[change.type]:
            if change.op == "delete":
                counts = row.gone and not change.retained and (change.type in _ALONE or not plan.goes_with(change.urn))
            else:
                counts = change.op != "create" or bool(row.new and row.new(plan, change.urn))
            if counts and (how := row.worse(before, after)):
                yield of_change(
                    change,
                    kind,
                    row.severity,
                    row.says.replace("<how>", how),
                    row.consequence,
                    row.gently,
                    name=plan.name(change) if change.type == CLUSTER else change.name,
                )


def _unselected(plan: Plan) -> Iterator[Danger]:
    """Yields what a selection for backups takes, and none will take, whichever of them changes.

    A selection takes data of the stack by its tags, or without any condition what it names.
    """
    stays = [urn for urn, each in plan.before.items() if each.type in HOLDS_DATA and urn in plan.after]
    before, after = (
        {urn for urn in stays if any(_selects(each.inputs, resources[urn].inputs) for each in _selections(resources))}
        for resources in (plan.before, plan.after)
    )
    lost = {urn: name_of(urn) for urn in sorted(before - after)}
    named, still = (_named(each) for each in (plan.before, plan.after))
    gone = {each.id for urn, each in plan.before.items() if urn not in plan.after} - {""}
    replaced = {change.urn for change in plan.changes(ops=("replace",))}
    as_it_is = {each.id for urn, each in plan.before.items() if urn in plan.after and urn not in replaced}
    for arn in named:  # a name that is known after `up` may be that of what is replaced
        id_ = re.split(r"[:/]", arn)[-1]
        if arn not in still and id_ not in gone and (LATER not in still or id_ in as_it_is):
            lost[arn] = arn.rpartition(":")[2]
    if lost:
        yield Danger(
            kind="data",
            severity=GRAVE,
            says="backups of {} end",
            names=tuple(lost.values()),
            consequence=_NO_BACKUP,
            gently="let another selection take them first",
            urns=tuple(lost),
        )


def _named(resources: Mapping[str, Resource]) -> list[str]:
    """Returns the ARNs that selections take by name alone."""
    by_name = [each.inputs for each in _selections(resources) if not _conditions(each.inputs)]
    return [str(arn) for inputs in by_name for arn in every(inputs, "resources")]


def _conditions(selection: Inputs) -> list[Any]:
    return [each for path in ("conditions", "selectionTags") for each in every(selection, path)]


def _selections(resources: Mapping[str, Resource]) -> list[Resource]:
    return [each for each in resources.values() if each.type in _SELECTION]


def _selects(selection: Inputs, resource: Inputs) -> bool:
    """Tells whether a selection takes a resource by its tags: all its conditions hold, or one of its tags.

    Only conditions on equal values count. What is known after `up` may hold.
    """
    tags = {**_tags(resource, "tagsAll"), **_tags(resource, "tags")}
    conditions, choices = every(selection, "conditions.stringEquals"), every(selection, "selectionTags")

    def holds(each: Any) -> bool:
        key, value = str(at(each, "key")).removeprefix("aws:ResourceTag/"), at(each, "value")
        return LATER in (each, value, tags.get(key)) or tags.get(key) == value

    return bool(conditions or choices) and all(map(holds, conditions)) and (not choices or any(map(holds, choices)))


def _tags(inputs: Inputs, path: str) -> Inputs:
    given = inputs.get(path)
    return given if isinstance(given, Mapping) else {}


def _has_objects(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list) and any(isinstance(each, Mapping) for each in value)


def _digits(value: object) -> bool:
    return _is_number(value) or (isinstance(value, str) and value.isdigit())


def _is_later(inputs: Inputs, path: str) -> bool:
    steps = path.split(".")
    return any(LATER in every(inputs, ".".join(steps[: end + 1])) for end in range(len(steps)))


def _days(value: object) -> float:
    """Returns a number of days; AWS writes 0 for never, and an unknown value may be any."""
    if isinstance(value, str):
        value = int(value) if value.isdecimal() else (seconds(value) or 0) / 86_400
    return float(value) if _is_number(value) and value else _NEVER


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _in_days(days: float) -> str:
    if days in (0, _NEVER):
        return "on a date" if days == 0 else "never"
    count, unit = (days, "day") if days >= 1 else (days * 24, "hour")
    return f"after {count:.0f} {unit}{'s' * (round(count) != 1)}"


def _word(value: Any) -> str:
    return "not set" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
