"""Policies by which the API server lets in the pods of teams, and what makes pods.

A pod in a team's namespace may be on nodes of the team's pools alone, has a priority and a service account of the
team's, trusted images, and the labels by which people find it. Rules read the annotations of the pod's namespace, so a
team more changes none of them. A Deployment or Job whose pods would be refused would be stored and never run, so its
template is judged as well.

What is there already is not judged again: an update passes as long as it does not change what a rule reads, so that
controllers can end, scale and label what is older than a rule.
Sources: Kubernetes 1.35.4, plugin/pkg/admission/extendedresourcetoleration, pkg/controller/daemon/util; Kubernetes,
"Validating Admission Policy"; read 2026-11.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass

import pulumi

from catalog.sharing import POOL_LABEL
from components.core.admission import ALLOWS, DEMANDS, admission_policy
from components.tenancy.marks import (
    ADDED,
    OTHER_POOLS,
    POOLS,
    PRIORITIES,
    SERVICE_ACCOUNTS,
    TAINTS,
    TEAM,
)
from components.tenancy.pod_images import images_of
from settings.tenancy.admission import AdmissionSettings
from settings.tenancy.registries import let_in

MAKES_PODS = {
    "v1": ["pods", "replicationcontrollers"],
    "apps/v1": ["daemonsets", "deployments", "replicasets", "statefulsets"],
    "batch/v1": ["cronjobs", "jobs"],
}
WITH_DEBUGGING = {**MAKES_PODS, "v1": [*MAKES_PODS["v1"], "pods/ephemeralcontainers"]}
"""A debugging container comes into a pod that runs, by a resource of its own."""
TOKEN_TYPE, TOKEN_OF = "kubernetes.io/service-account-token", "kubernetes.io/service-account.name"
# The controller adds tolerations of every condition of a node. Which of the two names it has on EKS is unverified.
_DAEMONS = ["system:serviceaccount:kube-system:daemon-set-controller", "system:kube-controller-manager"]
# Resources for which the server adds a toleration. A name that somebody makes up could be that of any taint.
_DEVICES = "^(nvidia[.]com|vpc[.]amazonaws[.]com|aws[.]amazon[.]com)/"
_ADDED_TO_ALL = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]


@dataclass(frozen=True, kw_only=True)
class GuardsArgs:
    """Arguments of the policies of one cluster.

    registry: host of the account's own images. injected_images: names of those that webhooks add to pods.
    own: what the names of the stack's own and cached images begin with, which are let in beside registries that are
        named; "" where it has none.
    """

    settings: AdmissionSettings
    registry: str
    own: str = ""
    injected_images: Collection[str]


def guards(name: str, args: GuardsArgs, opts: pulumi.ResourceOptions) -> None:
    """Registers the policies of a cluster that has teams."""
    _scheduling(f"{name}-scheduling", opts)
    _identities(f"{name}-identities", opts)
    _images(f"{name}-images", args, opts)
    if args.settings.labels:
        _labels(f"{name}-labels", args.settings, opts)
    _services(f"{name}-services", opts)


def _template_of(judged: str) -> str:
    """Returns in CEL the pod, or the template of the pods that an object makes."""
    template = (
        f"{judged}.kind == 'CronJob' ? dyn({judged}).spec.jobTemplate.spec.template : dyn({judged}).spec.template"
    )
    return f"({judged}.kind == 'Pod' ? dyn({judged}) : {template})"


# Without `dyn` the server would warn that a Pod has no `template`, for each of the kinds.
_SPECS = {
    "pod": _template_of("object"),
    "was": f"oldObject == null ? dyn({{}}) : {_template_of('oldObject')}",
    "spec": "variables.pod.spec",
    "before": "variables.was.?spec.orValue({})",
    "same": "variables.spec == variables.before",
    "containers": "variables.spec.containers + variables.spec.?initContainers.orValue([])",
}


def _mark(annotation: str) -> str:
    return f"namespaceObject.metadata.?annotations[?'{annotation}'].orValue('')"


def _changed(expression: str) -> str:
    return f"variables.same || ({expression})"


def _asks_for(resource: str) -> str:
    """Returns in CEL whether a container has a resource. The server lets such a pod tolerate a taint of its name."""
    amounts = [f"{resource} in each.?resources.?{kind}.orValue({{}})" for kind in ("requests", "limits")]
    return f"variables.containers.exists(each, {' || '.join(amounts)})"


def _tolerates(taint: str) -> str:
    """Returns in CEL whether the toleration `one` is for a taint, as in `gpu=mig`."""
    key = "one.?key.orValue('')"
    equal = f"{key} + '=' + one.?value.orValue('') == {taint}"
    return f"(one.?operator.orValue('Equal') == 'Equal' ? {equal} : {taint}.startsWith({key} + '='))"


def _text(*parts: str) -> str:
    """Returns in CEL a text: what begins with a quotation mark is told as it is, without it."""
    return " + ".join(json.dumps(each[1:]) if each.startswith('"') else f"({each})" for each in parts)


def _all(mark: str) -> str:
    """Returns in CEL what a namespace has, in words."""
    return f"{_mark(mark)} == '' ? 'none' : {_mark(mark)}"


def _scheduling(name: str, opts: pulumi.ResourceOptions) -> None:
    """Registers the policy of nodes and priorities; it fails closed, since it separates teams.

    Kueue gives the pools of a suspended Job, or of a pod with a gate, later on, so these name none yet.
    """
    whole = "variables.tolerations.exists(one, " + _tolerates("taint") + ") || " + _asks_for("taint.split('=')[0]")
    in_terms = f"each.key == '{POOL_LABEL}' && each.operator == 'In'"
    expressions = "term.?matchExpressions.orValue([])"
    tolerated = (
        "one.?key.orValue('') != '' && "
        f"(one.key in {_ADDED_TO_ALL} || (variables.ofNode && one.key.startsWith('node.kubernetes.io/')) || "
        f"(one.key.matches('{_DEVICES}') && {_asks_for('one.key')}) || "
        f"variables.taints.exists(taint, {_tolerates('taint')}))"
    )
    selected = f"'{POOL_LABEL}' in variables.selector ? [variables.selector['{POOL_LABEL}']] : []"
    in_term = f"{expressions}.filter(each, {in_terms}).map(each, each.values.filter(pool, !(pool in variables.pools))"
    foreign = f"variables.terms.map(term, {in_term}.join(', ')).join(', '))"
    left_open = (
        f"{_mark(OTHER_POOLS)}.split(',').filter(pool, pool != '' && "
        f"pool.split(':')[1].split('+').all(taint, taint == '' || {whole}))"
    )
    taints = "a toleration is for no taint of the team's pools"
    pools = "a pool is not one of the team's"
    strays = f"the pod could be on another team's pool: name one of its own, by the node label {POOL_LABEL}"
    priority = "the priority is not one of the team's"
    of_priority = "variables.spec.?priorityClassName.orValue('')"
    admission_policy(
        name,
        "ml-platform-scheduling",
        MAKES_PODS,
        _changed("variables.spec.?nodeName.orValue('') == variables.before.?nodeName.orValue('')"),
        "the scheduler chooses the node: drop nodeName, and name a pool by the node label " + POOL_LABEL,
        opts,
        namespaces_with=TEAM,
        variables={
            **_SPECS,
            "pools": f"{_mark(POOLS)}.split(',')",
            "taints": f"{_mark(TAINTS)}.split(',')",
            "tolerations": "variables.spec.?tolerations.orValue([])",
            "ofNode": f"request.userInfo.username in {_DAEMONS}",
            "selector": "variables.spec.?nodeSelector.orValue({})",
            "terms": "variables.spec.?affinity.?nodeAffinity.?requiredDuringSchedulingIgnoredDuringExecution"
            ".?nodeSelectorTerms.orValue([])",
            # The controller of DaemonSets puts the node in place of the terms of the template, which were judged.
            "named": f"'{POOL_LABEL}' in variables.selector || (variables.terms.size() > 0 && "
            f"variables.terms.all(term, {expressions}.exists(each, {in_terms}) || "
            "(variables.ofNode && term.?matchFields.orValue([]).size() > 0)))",
            "later": "dyn(object).spec.?suspend.orValue(false) || "
            "variables.spec.?schedulingGates.orValue([]).size() > 0",
            "strange": f"variables.tolerations.filter(one, !({tolerated}))",
            "open": left_open,
        },
        more={
            _changed("variables.strange.size() == 0"): taints,
            _changed(
                f"({selected}).all(pool, pool in variables.pools) "
                f"&& variables.terms.all(term, {expressions}.all(each, "
                f"!({in_terms}) || each.values.all(pool, pool in variables.pools)))"
            ): pools,
            _changed("variables.later || variables.named || variables.open.size() == 0"): strays,
            _changed(f"{of_priority} in [''] + {_mark(PRIORITIES)}.split(',')"): priority,
        },
        shows={
            taints: _text(
                '"toleration of ',
                "variables.strange.map(one, one.?key.orValue('') == '' ? 'every taint' : one.key + '=' + "
                "one.?value.orValue('*')).join(', ')",
                "\" is for no taint of this namespace's pools, which have: ",
                _all(TAINTS),
            ),
            pools: _text(
                '"pool ',
                f"(({selected}).filter(pool, !(pool in variables.pools)) + {foreign})"
                ".filter(text, text != '').join(', ')",
                "\" is not one of this namespace's, which are: ",
                _all(POOLS),
            ),
            strays: _text(
                '"the pod could be on pool ',
                "variables.open.map(pool, pool.split(':')[0]).join(', ')",
                f"\", which is not one of this namespace's: name one of these by nodeSelector {POOL_LABEL}, or a "
                "required node affinity: ",
                _all(POOLS),
            ),
            priority: _text(
                '"priority ', of_priority, "\" is not one of this namespace's, which are: ", _all(PRIORITIES)
            ),
        },
    )


def _identities(name: str, opts: pulumi.ResourceOptions) -> None:
    """Registers the policies of service accounts; they fail closed, since an identity is a right in AWS."""
    accounts = "the service account is not one of the team's"
    given = "variables.spec.?serviceAccountName.orValue('')"
    account = f"({given} == '' ? 'default' : {given})"
    admission_policy(
        name,
        "ml-platform-identities",
        MAKES_PODS,
        _changed(f"{account} in {_mark(SERVICE_ACCOUNTS)}.split(',')"),
        accounts,
        opts,
        namespaces_with=TEAM,
        variables=_SPECS,
        shows={
            accounts: _text(
                '"service account ', account, "\" is not one of this namespace's, which are: ", _all(SERVICE_ACCOUNTS)
            )
        },
    )
    owner = f"metadata.?annotations[?'{TOKEN_OF}'].orValue('')"
    admission_policy(
        f"{name}-tokens",
        "ml-platform-tokens",
        {"v1": ["secrets"]},
        f"object.?type.orValue('') != '{TOKEN_TYPE}' || "
        f"(oldObject != null && oldObject.?type.orValue('') == '{TOKEN_TYPE}' && oldObject.{owner} == object.{owner})",
        "a Secret with the token of a service account never expires: use the token that pods get, or `kubectl create "
        "token`",
        opts,
        namespaces_with=TEAM,
    )


def _images(name: str, args: GuardsArgs, opts: pulumi.ResourceOptions) -> None:
    """Registers the policy of images; it fails closed: an image nobody has judged runs with the team's identity."""
    registries = let_in(args.settings.registries, args.registry, args.own)
    trusted = f"is not from {' or '.join(registries)}, by its full name"
    digest = "has no digest, as in name@sha256:..., and a tag is another image tomorrow"
    foreign, by_tag = (f"an image {says}" for says in (trusted, digest))
    injected = f"each in {list(args.injected_images)}"
    is_trusted = f"{injected} || {registries}.exists(one, each.startsWith(one + '/'))"
    has_digest = f"{injected} || each.matches('@sha256:[0-9a-f]{{64}}$')"
    admission_policy(
        name,
        "ml-platform-images",
        WITH_DEBUGGING,
        f"variables.images.all(each, {is_trusted})",
        foreign,
        opts,
        namespaces_with=TEAM,
        mode=args.settings.mode,
        variables={
            **_SPECS,
            "known": images_of("variables.before"),
            "images": f"({images_of('variables.spec')}).filter(each, !(each in variables.known))",
        },
        more={f"variables.images.all(each, {has_digest})": by_tag} if args.settings.digests else None,
        annotations={
            ALLOWS: ", ".join(
                [
                    *(f"images from {each}" for each in registries),
                    *(f"image {each}{ADDED}" for each in args.injected_images),
                ]
            ),
            DEMANDS: "a digest of images" if args.settings.digests else "",
        },
        shows={
            says: _text('"image ', f"variables.images.filter(each, !({passes})).join(', ')", f'" {ends}')
            for says, passes, ends in ((foreign, is_trusted, trusted), (by_tag, has_digest, digest))
        },
    )


def _labels(name: str, settings: AdmissionSettings, opts: pulumi.ResourceOptions) -> None:
    """Registers the policy of labels. It may fail open: a pod without a label is a nuisance, and no danger.

    What a controller has made is not judged: of Deployments and Jobs the template was, and operators give their pods
    labels of their own.
    """
    labels = "metadata.?labels.orValue({})"
    missing = "a label is missing on the pod, or on the template of pods"
    admission_policy(
        name,
        "ml-platform-labels",
        MAKES_PODS,
        "object.metadata.?ownerReferences.orValue([]).exists(each, each.?controller.orValue(false)) || "
        "variables.missing.size() == 0",
        missing,
        opts,
        namespaces_with=TEAM,
        mode=settings.mode,
        on_error="Ignore",
        annotations={DEMANDS: ", ".join(f"label {each}" for each in settings.labels)},
        variables={
            **_SPECS,
            "missing": f"{list(settings.labels)}.filter(each, !(each in variables.pod.?{labels} || "
            f"(oldObject != null && !(each in variables.was.?{labels}))))",
        },
        shows={
            missing: _text(
                '"label ', "variables.missing.join(', ')", '" is missing on the pod, or on the template of pods'
            )
        },
    )


def _services(name: str, opts: pulumi.ResourceOptions) -> None:
    """Registers the policy of external addresses, by which a Service takes what other pods send there; fails closed.

    A Service of type ExternalName is only another name in its own namespace, so it may be.
    Source: Kubernetes, "Block Services with external IPs" (CVE-2020-8554); read 2026-11.
    """
    admission_policy(
        name,
        "ml-platform-external-addresses",
        {"v1": ["services"]},
        "object.spec.?externalIPs.orValue([]).all(each, oldObject != null && "
        "each in oldObject.spec.?externalIPs.orValue([]))",
        "a Service with externalIPs would get what others send to these addresses: use a route of a door",
        opts,
        namespaces_with=TEAM,
    )
