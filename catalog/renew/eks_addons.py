"""Versions of EKS add-ons, from `aws eks describe-addon-versions`: the default version for each Kubernetes version.

EKS installs the default version when none is requested. Form of the answer: EKS API reference, AddonInfo, read 2026-11.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from catalog.eks_addons import ADDONS
from catalog.kubernetes import VERSIONS
from catalog.renew.asking import Answers, Question, Renewal
from catalog.rows import DATA, laid_out, read_table

ACCOUNT = True
TABLE = DATA / "eks_addon_versions.json"
QUESTION = Question(
    name="eks-addon-versions.json", command=("aws", "eks", "describe-addon-versions", "--output", "json")
)
SOURCE = "aws eks describe-addon-versions: the default for each Kubernetes version"


def questions() -> list[Question]:
    return [QUESTION]


def renew(answers: Answers, today: date) -> Renewal:
    """Renews the pins. For a Kubernetes version that EKS has dropped and the catalog still has, the old pin stays."""
    answer = answers.json(QUESTION)
    if answer is None:
        return Renewal({}, [])
    table = read_table("eks_addon_versions")
    defaults = {addon["addonName"]: defaults_of(addon) for addon in answer["addons"]}
    rows, notes = {}, [f"{name}: EKS lists no such add-on" for name in ADDONS if name not in defaults]
    for name in ADDONS:
        before = table["addons"].get(name, {})
        rows[name] = {v: pin for v in VERSIONS if (pin := defaults.get(name, {}).get(v) or before.get(v))}
        changed = {v: pin for v, pin in rows[name].items() if pin != before.get(v)}
        notes += [
            f"{name} for {version}: {before.get(version, 'none')} before, {pin} now" for version, pin in changed.items()
        ]
    renewed = {**table, "source": [SOURCE], "read": f"{today:%Y-%m}", "notes": [], "addons": rows}
    return Renewal({TABLE: laid_out({key: value for key, value in renewed.items() if value != []})}, notes)


def defaults_of(addon: dict[str, Any]) -> dict[str, str]:
    """Returns Kubernetes version -> version of the add-on."""
    return {
        fits["clusterVersion"]: version["addonVersion"]
        for version in addon["addonVersions"]
        for fits in version["compatibilities"]
        if fits["defaultVersion"]
    }
