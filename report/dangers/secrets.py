"""Secrets of teams in their namespaces: what pods read no longer, and what has to be written again.

The secrets in AWS and generated passwords that go are told of in `data`.
Source: external-secrets v2.9.0, pkg/controllers/externalsecret (creationPolicy Owner, deletionPolicy
Retain); read 2026-11.
"""

from collections.abc import Iterator, Mapping, Set
from typing import Any

from policies.charts import RELEASE
from report.dangers.danger import GRAVE, SERIOUS, Danger, Plan, at, every, of_change
from report.tables import some

_OF_ALERTMANAGER = "values.alertmanager.alertmanagerSpec.volumes.secret"
"""Its volumes are optional and follow its receivers: who no longer hears of alerts is told in `telemetry`."""
EXTERNAL, STORE = (f"kubernetes:external-secrets.io/v1:{kind}" for kind in ("ExternalSecret", "ClusterSecretStore"))


def find(plan: Plan) -> Iterator[Danger]:
    """Yields Secrets of namespaces that go, are made anew, or are read from where nobody has written their values."""
    made = {_place(each.inputs, each.provider) for each in plan.after.values() if each.type == EXTERNAL}
    optional = {
        (each.provider, at(each.inputs, "namespace"), at(secret, "secretName"))
        for each in plan.before.values()
        for secret in every(each.inputs, _OF_ALERTMANAGER)
        if each.type == RELEASE and at(secret, "optional")
    }
    for change in plan.changes(EXTERNAL, ops=("update", "replace", "delete")):
        before, after = plan.inputs(change.urn)
        provider = plan.before[change.urn].provider
        namespace, name = (str(at(before, path)) for path in ("metadata.namespace", "spec.target.name"))
        place = _place(before, provider)
        if change.op == "delete" and (
            went(plan, provider, {name}, namespace) or not plan.has_namespace(provider, namespace)
        ):
            continue
        if change.op == "update" and place in optional:
            continue
        says = consequence = gently = ""
        if change.op == "delete" and place not in made:
            says, consequence = f"Secret {{}} goes from namespace {namespace}", "pods that name it do not start again"
            gently = "take it out of the pods first"
        elif change.op != "update":
            says = f"Secret {{}} of namespace {namespace} is made anew"
            consequence = "it has the values of its new place, and is not there until somebody has written them there"
            gently = "write the values to the new place before pods start again"
        elif lost := [each for each in _read(before) if each not in _read(after)]:
            says = f"Secret {{}} of namespace {namespace} [reads|read] no longer {some(lost)}"
            consequence = "pods keep the old values until others are written, and do not find keys that go"
        if says:
            yield of_change(change, "data", SERIOUS, says, consequence, gently, name=name)
    for change in plan.changes(STORE, ops=("update", "replace")):
        before, after = plan.inputs(change.urn)
        if _where(before) != _where(after):
            yield of_change(
                change,
                "data",
                GRAVE,
                "the secrets of team {} come from another store",
                "values stay behind in the old one; Secrets keep them until the new one has others",
                "write all values to the new store first",
                name=str(at(after, "metadata.name")),
            )


def went(plan: Plan, provider: str, secrets: Set[object], namespace: str | None = None) -> bool:
    """Tells whether a chart of a cluster named one of some Secrets, and none does any more. namespace: of the chart."""
    was, now = (
        any(
            (each.type, each.provider) == (RELEASE, provider) and _names(each.inputs, secrets)
            for each in resources
            if namespace in (None, at(each.inputs, "namespace"))
        )
        for resources in (plan.before.values(), plan.after.values())
    )
    return was and not now


def _names(value: object, names: Set[object]) -> bool:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return (isinstance(value, str) and value in names) or any(_names(each, names) for each in inner)


def _place(external: Mapping[str, Any], provider: str) -> tuple[str, Any, Any]:
    return provider, at(external, "metadata.namespace"), at(external, "spec.target.name")


def _where(store: Mapping[str, Any]) -> list[str]:
    """Returns what kind of store it is, and where."""
    provider = at(store, "spec.provider") or {}
    return [
        *provider,
        *(str(each) for path in ("aws.region", "vault.server", "vault.path") for each in every(provider, path)),
    ]


def _read(external: Mapping[str, Any]) -> list[str]:
    return [f"{at(each, 'remoteRef.key')} ({at(each, 'secretKey')})" for each in every(external, "spec.data")]
