"""Which labels the result of an expression can have, and what in it no series has."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import promql_parser as promql

KEEPS = frozenset({"and", "unless"})


@dataclass(frozen=True)
class Known:
    """Series that there are. labels: name -> labels. values: (name, label) -> all values that it has."""

    labels: Mapping[str, frozenset[str]]
    values: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)


@dataclass
class Reading:
    """What one expression does wrong: found while its labels are worked out."""

    known: Known
    wrong: list[str] = field(default_factory=list)

    def labels(self, expr: promql.Expr) -> frozenset[str]:
        """Returns the labels that series of the result may have."""
        match expr:
            case promql.VectorSelector():
                return self._selected(expr)
            case promql.MatrixSelector():
                return self._selected(expr.vector_selector)
            case promql.SubqueryExpr() | promql.ParenExpr() | promql.UnaryExpr():
                return self.labels(expr.expr)
            case promql.AggregateExpr():
                return self._aggregated(expr)
            case promql.BinaryExpr():
                return self._joined(expr)
            case promql.Call():
                return self._called(expr)
        return frozenset()

    def _selected(self, selector: promql.VectorSelector) -> frozenset[str]:
        name = selector.name or ""
        labels = self.known.labels.get(name)
        if labels is None:
            self.wrong.append(f"there is no series {name}")
            return frozenset()
        for matcher in selector.matchers.matchers:
            self._has([matcher.name], labels, name)
            known = self.known.values.get((name, matcher.name))
            if known and matcher.op in (promql.MatchOp.Equal, promql.MatchOp.NotEqual):
                self._values([matcher.value], known, f"{name}{{{matcher.name}}}")
            elif known:
                self._values(_alternatives(matcher.value), known, f"{name}{{{matcher.name}}}")
        return labels

    def _values(self, patterns: Collection[str], known: frozenset[str], where: str) -> None:
        for pattern in patterns:
            if pattern and not any(re.fullmatch(pattern, value) for value in known):
                self.wrong.append(f"{where} is never {pattern}")

    def _has(self, wanted: Collection[str], labels: frozenset[str], where: str) -> None:
        self.wrong += [f"{where} has no label {label}" for label in wanted if label not in labels]

    def _aggregated(self, expr: promql.AggregateExpr) -> frozenset[str]:
        inner = self.labels(expr.expr)
        if expr.modifier is None:
            return inner if str(expr.op) in ("topk", "bottomk") else frozenset()
        named = frozenset(expr.modifier.labels)
        self._has(named, inner, expr.expr.prettify())
        return named if expr.modifier.type == promql.AggModifierType.By else inner - named

    def _joined(self, expr: promql.BinaryExpr) -> frozenset[str]:
        left, right = self.labels(expr.lhs), self.labels(expr.rhs)
        modifier, op = expr.modifier, str(expr.op)
        matching = modifier.matching if modifier else None
        on = frozenset(matching.labels) if matching else None
        if on is not None:
            for side, labels in ((expr.lhs, left), (expr.rhs, right)):
                self._has(on, labels, side.prettify())
        if op in KEEPS:
            return left
        if op == "or":
            return left | right
        if not left or not right or modifier is None:
            return left | right
        included = frozenset(modifier.group_labels or ())
        if modifier.card == promql.VectorMatchCardinality.ManyToOne:
            self._has(included, right, expr.rhs.prettify())
            return left | included
        if modifier.card == promql.VectorMatchCardinality.OneToMany:
            self._has(included, left, expr.lhs.prettify())
            return right | included
        return on if on is not None else left

    def _called(self, call: promql.Call) -> frozenset[str]:
        name = call.func.name
        inner = [self.labels(each) for each in call.args]
        if name == "label_replace":
            made, source = call.args[1].val, call.args[3].val
            self._has([source], inner[0], call.args[0].prettify())
            return inner[0] | {made}
        if name == "histogram_quantile":
            self._has(["le"], inner[1], call.args[1].prettify())
            return inner[1] - {"le"}
        return frozenset() if name.startswith("absent") else frozenset().union(*inner)


def _alternatives(pattern: str) -> list[str]:
    """Returns the parts of a pattern that `|` divides, where it has no bracket with one."""
    return [pattern] if "(" in pattern else pattern.split("|")


def read(expr: str, known: Known) -> tuple[frozenset[str], list[str]]:
    """Returns the labels of the result of an expression, and what is wrong with it. Raises ValueError for no PromQL."""
    reading = Reading(known)
    labels = reading.labels(promql.parse(expr))
    return labels, reading.wrong


def names(expr: str) -> Iterator[str]:
    """Yields the name of each series that an expression reads."""
    reading = Reading(Known({}))
    reading.labels(promql.parse(expr))
    yield from (sentence.rpartition(" ")[2] for sentence in reading.wrong if sentence.startswith("there is no series"))


def selectors(expr: promql.Expr) -> Iterator[promql.VectorSelector]:
    """Yields every selector of an expression, those of ranges and of subqueries too."""
    match expr:
        case promql.VectorSelector():
            yield expr
        case promql.MatrixSelector():
            yield expr.vector_selector
        case promql.SubqueryExpr() | promql.ParenExpr() | promql.UnaryExpr() | promql.AggregateExpr():
            yield from selectors(expr.expr)
        case promql.BinaryExpr():
            yield from (*selectors(expr.lhs), *selectors(expr.rhs))
        case promql.Call():
            yield from (each for arg in expr.args for each in selectors(arg))


def jobs_asked(selector: promql.VectorSelector) -> list[str]:
    """Returns the jobs that a selector asks for, by equality or as alternatives; [] where it leaves the job open."""
    of_job = [each for each in selector.matchers.matchers if each.name == "job"]
    named = [each.value for each in of_job if each.op in (promql.MatchOp.Equal, promql.MatchOp.Re)]
    return [job for value in named for job in value.split("|")]
