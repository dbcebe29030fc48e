"""Checks that nodes without a way to the internet reach the services and images that they need."""

import json
from collections.abc import Iterator, Mapping

from catalog.eks_addons import ADDONS
from catalog.endpoints import GATEWAY, GUARDDUTY_DATA, NODES_USE
from settings.cluster.addon_rules import AddOnRules, installed
from settings.cluster.managed_addons import eks_addons
from settings.core.problems import Mistake, Path, listed
from settings.stack.parts import Parts
from settings.storage.drivers import needed_drivers

ECR = ".dkr.ecr."  # in the address of each private registry of ECR


def mistakes(parts: Parts, add_ons: Mapping[str, AddOnRules]) -> Iterator[Mistake]:
    """Yields names that change nothing; without NAT also missing endpoints, and images that come from the internet."""
    if parts.network is None:
        return
    accounts = parts.network.endpoints.accounts
    if parts.account_id in accounts:
        place: Path = ("network", "endpoints", "accounts", accounts.index(parts.account_id))
        yield place, "is the stack's own account, which always goes through. Drop it."
    if parts.network.nat != "none":
        return
    made_with_the_agent = GUARDDUTY_DATA
    present = {*parts.network.endpoints.gateway, *parts.network.endpoints.interface, made_with_the_agent}
    if missing := sorted(_needed(parts, add_ons) - present):
        lists = {
            "gateway": [*parts.network.endpoints.gateway, *(name for name in missing if name in GATEWAY)],
            "interface": [*parts.network.endpoints.interface, *(name for name in missing if name not in GATEWAY)],
        }
        text = ", ".join(f"{kind}: [{', '.join(names)}]" for kind, names in lists.items())
        yield (
            ("network", "endpoints"),
            (
                f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} missing, and nat is none, so nodes would "
                f"not join, or their pods would not work. Write `endpoints: {{{text}}}`, or nat: single."
            ),
        )
    for cluster, content in parts.clusters.items():
        for name, rules in installed(add_ons, content).items() if content.addons is not None else ():
            if rules.pulls_images and ECR not in json.dumps((content.addons or {}).get(name) or {}):
                yield (
                    ("clusters", cluster, "addons", name),
                    (
                        "its images come from the internet, and nat is none. Copy them to ECR and name that registry "
                        f"in values, or write nat: single{_way_out(rules)}."
                    ),
                )


def _way_out(rules: AddOnRules) -> str:
    """Returns how a cluster does without the add-on, as the end of a sentence. Most clusters have pools with room."""
    return f", or {rules.instead}" if rules.instead else ""


def _needed(parts: Parts, add_ons: Mapping[str, AddOnRules]) -> set[str]:
    needed = set(NODES_USE)
    for cluster, content in parts.clusters.items():
        drivers = needed_drivers(parts.storage, cluster, parts.clusters) if parts.storage else ()
        for name in eks_addons(content, drivers):
            needed.update(ADDONS[name].endpoints if name in ADDONS else ())
        for rules in installed(add_ons, content).values() if content.addons is not None else ():
            needed.update(rules.endpoints)
        if content.observability is not None and content.observability.alerts.sends_mails:
            needed.add("sns")
        logs = content.observability.logs if content.observability is not None else None
        if logs is not None and logs.to == "cloudwatch":
            needed.add("logs")
        traces = content.observability.traces if content.observability is not None else None
        if traces is not None and traces.sent_to is None:
            needed.add("xray")
    return needed
