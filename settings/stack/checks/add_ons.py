"""Checks Helm add-ons against each other, and against what needs them."""

from collections.abc import Collection, Iterator, Mapping

from catalog.eks_addons import ADDONS, ManagedAddon
from settings.cluster.addon_rules import AddOnRules, installed
from settings.cluster.fixed_values import FixedValue, changed, of_service_accounts
from settings.cluster.parts import ClusterParts
from settings.core.problems import Mistake, Path, listed, nearest_or_all
from settings.stack.parts import Parts


def mistakes(parts: Parts, add_ons: Mapping[str, AddOnRules]) -> Iterator[Mistake]:
    """Yields every mistake about add-ons. add_ons: every Helm add-on, by name."""
    for cluster, content in parts.clusters.items():
        for name, entry in (content.managed_addons or {}).items():
            given = entry.get("configuration") if isinstance(entry, Mapping) else None
            if name in ADDONS and isinstance(given, Mapping):
                for below, sentence in changed(given, _accounts(ADDONS[name])):
                    yield ("clusters", cluster, "managed_addons", name, "configuration", *below), sentence
        if content.addons is None:
            continue
        path: Path = ("clusters", cluster, "addons")
        yield from _unknown(path, content, add_ons)
        on = installed(add_ons, content)
        off_but_needed = [n for n, rules in add_ons.items() if n not in on and rules.needed_by(content) is not None]
        for name, rules in add_ons.items():
            wrong_switch = list(_wrong_switch(path, content, rules))
            yield from wrong_switch
            if name in on and not wrong_switch:
                yield from _with_others((*path, name), content, rules, on, off_but_needed)
                yield from (((*path[:-1], *below), sentence) for below, sentence in rules.requires(content))
            entry = content.addons.get(name)
            values = entry.get("values") if isinstance(entry, Mapping) else None
            fixed = [*rules.fixed, *of_service_accounts([account for _, account in rules.service_accounts])]
            for below, sentence in changed(values, fixed) if isinstance(values, Mapping) else ():
                yield (*path, name, "values", *below), sentence


def _accounts(add_on: ManagedAddon) -> Iterator[FixedValue]:
    """Yields the service accounts of an EKS add-on that have rights, by the places where its configuration has them."""
    if add_on.service_account:
        yield from of_service_accounts([add_on.service_account], ("serviceAccount", "controller.serviceAccount"))
    if add_on.node_service_account:
        yield from of_service_accounts([add_on.node_service_account], ("node.serviceAccount",))


def _unknown(path: Path, cluster: ClusterParts, add_ons: Mapping[str, AddOnRules]) -> Iterator[Mistake]:
    for name in cluster.addons or ():
        if name in add_ons:
            continue
        if name in ADDONS:
            sentence = f"{name} is an EKS add-on, so it does not belong here. Move it to managed_addons."
        else:
            sentence = f"{name} is not an add-on of this platform.{nearest_or_all(name, add_ons)}"
        yield (*path, name), sentence


def _wrong_switch(path: Path, cluster: ClusterParts, rules: AddOnRules) -> Iterator[Mistake]:
    turned_on, needed_by = cluster.turned_on(rules.name), rules.needed_by(cluster)
    if turned_on is False and needed_by is not None:
        instead = f", or write {rules.instead}" if rules.instead else ""
        yield (
            (*path, rules.name, "enabled"),
            f"is false, but {needed_by} needs {rules.name}. Drop it here{instead}.",
        )
    elif turned_on and rules.instead is not None and needed_by is None and cluster.complete:
        yield (
            (*path, rules.name),
            (
                f"nothing needs {rules.name}, so it would do nothing; it is installed by itself when something does. "
                "Drop it."
            ),
        )


def _with_others(
    path: Path, cluster: ClusterParts, rules: AddOnRules, on: Mapping[str, AddOnRules], off_but_needed: Collection[str]
) -> Iterator[Mistake]:
    """off_but_needed: add-ons that are off although something needs them; each is already a mistake by itself."""
    missing = [name for name in rules.after if name not in on and name not in off_but_needed]
    if missing:
        yield path, f"{rules.name} needs {listed(missing)}, which is off. Turn it on, or {_way_out(rules, cluster)}."
    for other, why in rules.conflicts.items():
        if other in on:
            pair = (rules, on[other])
            needs = [f"{need} needs {one.name}" for one in pair if (need := one.needed_by(cluster)) is not None]
            reason = f"{rules.name} and {other} are both on, but {why.rstrip('.')}"
            ways = " or ".join(_way_out(one, cluster) for one in pair) if needs else "turn one of them off"
            yield path, f"{'; '.join([reason, *needs])}. {ways[0].upper()}{ways[1:]}."


def _way_out(rules: AddOnRules, cluster: ClusterParts) -> str:
    """Returns what to do for a cluster without the add-on. One that something needs cannot be turned off."""
    need = rules.needed_by(cluster)
    if need is None:
        return f"turn {rules.name} off"
    return f"write {rules.instead}" if rules.instead else f"change {need}"
