"""What is wrong with Helm add-ons beside each other, and beside what needs them."""

from collections.abc import Collection, Iterator, Mapping

from catalog.eks_addons import ADDONS
from settings.cluster.addon_rules import AddOnRules, installed
from settings.cluster.parts import ClusterParts
from settings.core.problems import Mistake, Path, listed, nearest_or_all
from settings.stack.parts import Parts


def mistakes(parts: Parts, add_ons: Mapping[str, AddOnRules]) -> Iterator[Mistake]:
    """Every mistake that shows only to who knows the add-ons. add_ons: all there are, by name."""
    for cluster, content in parts.clusters.items():
        if content.addons is None:
            continue
        place: Path = ("clusters", cluster, "addons")
        yield from _unknown(place, content, add_ons)
        on = installed(add_ons, content)
        told = [name for name, rules in add_ons.items() if name not in on and rules.needed_by(content) is not None]
        for name, rules in add_ons.items():
            wrongly_asked = list(_needed(place, content, rules))
            yield from wrongly_asked
            if name in on and not wrongly_asked:
                yield from _beside_others((*place, name), rules, on, told)
                yield from (((*place[:-1], *below), sentence) for below, sentence in rules.requires(content))


def _unknown(place: Path, cluster: ClusterParts, add_ons: Mapping[str, AddOnRules]) -> Iterator[Mistake]:
    for name in cluster.addons or ():
        if name in add_ons:
            continue
        if name in ADDONS:
            sentence = f"{name} is an EKS add-on, so it would not be found here. Move it to managed_addons."
        else:
            sentence = f"{name} is no add-on of this platform.{nearest_or_all(name, add_ons)}"
        yield (*place, name), sentence


def _needed(place: Path, cluster: ClusterParts, rules: AddOnRules) -> Iterator[Mistake]:
    turned_on, needed_by = cluster.turned_on(rules.name), rules.needed_by(cluster)
    if turned_on is False and needed_by is not None:
        instead = f", or write {rules.instead}" if rules.instead else ""
        yield (
            (*place, rules.name, "enabled"),
            f"is false, and {needed_by} cannot do without {rules.name}. Drop it here{instead}.",
        )
    elif turned_on and rules.instead is not None and needed_by is None and cluster.complete:
        yield (
            (*place, rules.name),
            f"no pool needs {rules.name}, so it would do nothing; it comes by itself with a pool that does. Drop it.",
        )


def _beside_others(
    place: Path, rules: AddOnRules, on: Mapping[str, AddOnRules], told: Collection[str]
) -> Iterator[Mistake]:
    """told: add-ons that are off though something needs them, which is a mistake of their own."""
    missing = [name for name in rules.after if name not in on and name not in told]
    if missing:
        yield place, f"{rules.name} needs {listed(missing)}, which is off. Turn it on, or {rules.name} off."
    for other, why in rules.conflicts.items():
        if other in on:
            yield place, f"{rules.name} and {other} are both on, but {why} Turn one of them off."
