"""Values of an add-on that a stack file may not change, since something else of the platform relies on them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Finding = tuple[tuple[str, ...], str]


@dataclass(frozen=True, kw_only=True)
class FixedValue:
    """One of these values.

    path: its keys, with dots. keeps: whether a value leaves it as it is. why: what any other value does,
    as a sentence after the path.
    """

    path: str
    keeps: Callable[[Any], bool]
    why: str


def only(value: bool | str) -> Callable[[Any], bool]:
    """Accepts one value; a text in any case."""
    return lambda given: (
        given is value if isinstance(value, bool) else given is not None and str(given).lower() == value
    )


def never(value: Any) -> bool:
    """Accepts no value: it follows from other settings."""
    return False


def without(*words: str) -> Callable[[Any], bool]:
    """Accepts whatever contains none of the words, spelt as a variable, an argument or a key."""
    return lambda given: not any(word in str(given).lower().replace("-", "").replace("_", "") for word in words)


def of_service_accounts(
    names: Collection[str], paths: Sequence[str] = ("serviceAccount", "rbac.serviceAccount", "serviceAccount.server")
) -> Iterator[FixedValue]:
    """Yields what names an add-on whose service accounts have rights in AWS. names: of these accounts, at `paths`."""
    why = "EKS gives rights to its service account by name, and pods of another one have none."
    for path in paths if names else ():
        yield FixedValue(path=f"{path}.create", keeps=only(True), why=why)
        yield FixedValue(path=f"{path}.name", keeps=lambda given: given in names, why=why)
    for path in ("nameOverride", "fullnameOverride", "namespaceOverride") if names else ():
        yield FixedValue(path=path, keeps=never, why=why)


def of_budgets(*parts: str) -> Iterator[FixedValue]:
    """Yields what keeps a PodDisruptionBudget from blocking nodes. parts: keys above each budget; "" for the top."""
    one_of_both = "Kubernetes takes only one of minAvailable and maxUnavailable, and the budget has maxUnavailable."
    for part in parts:
        path = ".".join([*([part] if part else []), "podDisruptionBudget"])
        yield FixedValue(path=f"{path}.minAvailable", keeps=never, why=one_of_both)
        yield FixedValue(path=f"{path}.maxUnavailable", keeps=_lets_go, why="No node with one of its pods gets empty.")


def _lets_go(given: Any) -> bool:
    return str(given).strip().removesuffix("%").lstrip("0") != ""


def changed(values: Mapping[str, Any], fixed: Iterable[FixedValue]) -> Iterator[Finding]:
    """Yields each place that changes one of them; the first of several reasons.

    A null above one takes it away: the chart's own value is back, or a template has nothing to read.
    """
    found: set[tuple[str, ...]] = set()
    for each in fixed:
        given: Any = values
        keys = tuple(each.path.split("."))
        for depth, key in enumerate(keys, 1):
            if not isinstance(given, Mapping) or key not in given:
                break
            given = given[key]
            taken_away = given is None and depth < len(keys)
            if taken_away or (depth == len(keys) and not each.keeps(given)):
                if keys[:depth] not in found:
                    found.add(keys[:depth])
                    yield keys[:depth], f"{each.why} Drop it."
                break
