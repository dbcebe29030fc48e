"""Where a pod may run: tolerations, node selectors, affinity and topology spread."""

from __future__ import annotations

from simulator.kubernetes.meaning import formats
from simulator.kubernetes.meaning.node import Findings, Node
from simulator.kubernetes.meaning.selectors import label_findings, selector_findings

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_NO_KEY = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
_PREFERRED, _REQUIRED = (f"{kind}DuringSchedulingIgnoredDuringExecution" for kind in ("preferred", "required"))


def findings(spec: Node) -> Findings:
    """Yields the mistakes in the spec of a pod about where it may run."""
    yield from toleration_findings(spec["tolerations"])
    yield from label_findings(spec["nodeSelector"])
    affinity = spec["affinity"]
    required = affinity["nodeAffinity"][_REQUIRED]
    if required.is_set:
        yield from node_selector_findings(required)
    for each in affinity["nodeAffinity"][_PREFERRED].items:
        yield from _weight_findings(each["weight"])
        yield from _term_findings(each["preference"])
    for kind in ("podAffinity", "podAntiAffinity"):
        for each in affinity[kind][_REQUIRED].items:
            yield from _pod_term_findings(each)
        for each in affinity[kind][_PREFERRED].items:
            yield from _weight_findings(each["weight"])
            yield from _pod_term_findings(each["podAffinityTerm"])
    yield from _spread_findings(spec["topologySpreadConstraints"])


def toleration_findings(tolerations: Node) -> Findings:
    """Yields the mistakes in the tolerations of a pod or a RuntimeClass."""
    for each in tolerations.items:
        key, operator, value, effect = (each[name] for name in ("key", "operator", "value", "effect"))
        yield from key.must_match(formats.qualified_name)
        if key.is_empty and operator.value != "Exists" and not operator.is_unknown:
            yield operator.invalid(_NO_KEY, operator.value or "")
        if each["tolerationSeconds"].number is not None and effect.text != "NoExecute" and not effect.is_unknown:
            yield effect.invalid("effect must be 'NoExecute' when `tolerationSeconds` is set", effect.value or "")
        if operator.text in (None, "Equal"):
            for why in formats.label_value(value.text) if value.text else ():
                yield operator.invalid(why, value.value)
        elif operator.text == "Exists":
            if value.text:
                yield operator.invalid("value must be empty when `operator` is 'Exists'", value.value)
        else:
            yield operator.unsupported(("Equal", "Exists", "Lt", "Gt"))
        yield from effect.must_be(*_EFFECTS)


def node_selector_findings(selector: Node) -> Findings:
    """Yields the mistakes in a node selector of terms."""
    terms = selector["nodeSelectorTerms"]
    yield from terms.must_be_set("must have at least one node selector term")
    for each in terms.items:
        yield from _term_findings(each)


def _weight_findings(weight: Node) -> Findings:
    if weight.number is not None and not 1 <= weight.number <= 100:
        yield weight.invalid("must be in the range 1-100")


def _term_findings(term: Node) -> Findings:
    for each in term["matchExpressions"].items:
        operator, values = each["operator"], each["values"]
        if operator.text in ("In", "NotIn"):
            yield from values.must_be_set("must be specified when `operator` is 'In' or 'NotIn'")
        elif operator.text in ("Exists", "DoesNotExist"):
            if values.items:
                yield values.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
        elif operator.text in ("Gt", "Lt"):
            if (isinstance(values.value, list) and len(values.value) != 1) or values.value is None:
                yield values.required("must be specified single value when `operator` is 'Lt' or 'Gt'")
        elif not operator.is_unknown:
            yield operator.invalid("not a valid selector operator")
        yield from each["key"].must_match(formats.qualified_name)


def _pod_term_findings(term: Node) -> Findings:
    yield from selector_findings(term["labelSelector"])
    yield from selector_findings(term["namespaceSelector"])
    for each in term["namespaces"].items:
        yield from each.must_match(formats.label)
    yield from term["topologyKey"].must_be_set("can not be empty")
    yield from term["topologyKey"].must_match(formats.qualified_name)


def _spread_findings(constraints: Node) -> Findings:
    seen: list[tuple[str, str]] = []
    for each in constraints.items:
        skew, key, way, domains = (each[name] for name in ("maxSkew", "topologyKey", "whenUnsatisfiable", "minDomains"))
        if skew.number is not None and skew.number <= 0:
            yield skew.invalid("must be greater than zero")
        yield from key.must_be_set("can not be empty")
        yield from key.must_match(formats.qualified_name)
        yield from way.must_be("DoNotSchedule", "ScheduleAnyway")
        if domains.number is not None:
            if domains.number <= 0:
                yield domains.invalid("must be greater than zero")
            if way.text == "ScheduleAnyway":
                yield domains.invalid("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway")
        for policy in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
            yield from each[policy].must_be("Honor", "Ignore")
        yield from selector_findings(each["labelSelector"])
        if key.text and way.text:
            if (key.text, way.text) in seen:  # the API server blames the first one
                yield Node(
                    None, f"{constraints.path}[{seen.index((key.text, way.text))}].{{topologyKey, whenUnsatisfiable}}"
                ).duplicate(f"{{{key.text}, {way.text}}}")
            seen.append((key.text, way.text))
