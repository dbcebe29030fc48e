"""What the pods of a team need to be let in, as a real API server judges them."""

import copy
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import cache
from typing import Any

import pytest

from catalog.charts import CHARTS
from catalog.roles import ROLES
from catalog.sharing import POOL_LABEL
from components.mesh.addons.linkerd_control_plane import proxy_images
from components.tenancy.marks import POOLS as POOLS_MARK
from settings.cluster.addons import AddonSettings
from simulator.aws.operation_context import ACCOUNT
from simulator.control_plane.client import ApiServer, Refused
from simulator.control_plane.planes import ControlPlanes
from simulator.kubernetes.injection import injected
from tests.components.conftest import PlatformCloud
from tests.components.stacks import CLUSTER, POOL, stack
from tests.in_process.providers import REGION
from tests.simulator.control_planes import VERSION, differences, is_built

Object = dict[str, Any]
REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
IMAGE = f"{REGISTRY}/train@sha256:{'a' * 64}"
TAGGED, FOREIGN = f"{REGISTRY}/train:v1", f"docker.io/library/python@sha256:{'b' * 64}"
TAINTS = [{"key": "nvidia.com/gpu", "value": "true"}]
GPU = {"instance_types": ["g6.12xlarge"], "min_per_zone": 0, "provisioner": "karpenter"}
POOLS = [
    POOL,
    {**GPU, "name": "own", "taints": TAINTS},
    {**GPU, "name": "alike", "taints": TAINTS},
    {**GPU, "name": "h100", "taints": [{"key": "gpu", "value": "h100"}, {"key": "calm", "effect": "PreferNoSchedule"}]},
    {**GPU, "name": "mig", "taints": [{"key": "gpu", "value": "mig"}]},
]
LAB = {
    "name": "lab",
    "namespaces": ["lab"],
    "quota": {"lab": {"gpus": {"own": 1, "mig": 1}}},
    "service_accounts": ["pipeline"],
}
NARROW = {"name": "narrow", "namespaces": ["narrow"], "pools": ["own"]}


@cache
def built(**admission: Any) -> PlatformCloud:
    cloud = PlatformCloud()
    cloud.up(
        stack(
            clusters={"main": {**CLUSTER, "pools": POOLS}},
            teams=[LAB, NARROW],
            mesh={"namespaces": ["lab"]},
            **({"admission": admission} if admission else {}),
        )
    )
    return cloud


@cache
def with_people() -> PlatformCloud:
    member = {"principal_arn": f"arn:aws:iam::{ACCOUNT}:role/lab", "role": "ml-engineer"}
    cloud = PlatformCloud()
    pools = {"main": {**CLUSTER, "pools": POOLS}}
    cloud.up(stack(clusters=pools, teams=[{**LAB, "members": {"lab": member}}], mesh={"namespaces": ["lab"]}))
    return cloud


def policies(cloud: PlatformCloud) -> list[Object]:
    """The policies of teams and their bindings, as the platform registers them."""
    return [
        each.inputs
        for kind in ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
        for each in sorted(cloud.all(f"admissionregistration.k8s.io/v1:{kind}"), key=lambda each: each.name)
        if each.name.startswith("main-admission-")
    ]


def namespace(cloud: PlatformCloud, name: str) -> Object:
    made = cloud.one("core/v1:Namespace", f"main-namespace-{name}").inputs
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": made["metadata"]}


def plain(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(each) for each in value]
    return (
        {key: plain(each) for key, each in value.items() if each is not None} if isinstance(value, Mapping) else value
    )


@pytest.fixture(scope="module")
def planes() -> Iterator[ControlPlanes]:
    with closing(ControlPlanes()) as made:
        yield made


@pytest.fixture(scope="module")
def server(planes: ControlPlanes) -> ApiServer:
    return started(planes, "teams", built())


def started(planes: ControlPlanes, name: str, cloud: PlatformCloud) -> ApiServer:
    """An API server with the namespaces of the teams, one of nobody, and pods that are older than the rules."""
    server = planes.server(name, VERSION)
    for team in ("lab", "narrow"):
        server.create(plain(namespace(cloud, team)), "")
    server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "nobodys"}}, "")
    for where in ("lab", "narrow", "nobodys"):
        for account in ("default", "pipeline", "other"):
            made = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}}
            wait_for(lambda made=made, where=where: created(server, made, where))
    for priority in ("training", "production-inference"):
        kind = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "value": 1}
        server.create({**kind, "metadata": {"name": priority}}, "")
    server.create(OLD, "lab")
    server.create(OLD_DEPLOYMENT, "lab")
    for each in policies(cloud):
        server.create(plain(each), "")
    wait_for(lambda: refusal(server, pod(nodeName="node")))
    return server


def created(server: ApiServer, made: Object, where: str) -> bool:
    try:
        server.create(made, where)
    except Refused as refused:
        return refused.reason == "AlreadyExists"
    return True


def stored(server: ApiServer, version: str, kind: str, where: str, name: str) -> Object:
    return server.get(version, kind, where, name) or {}


def wait_for(done: Any) -> None:
    """The API server reads policies some moments after they are made."""
    end = time.monotonic() + 30
    while not done() and time.monotonic() < end:
        time.sleep(0.2)


def refusal(server: ApiServer, wanted: Object, where: str = "lab") -> str:
    """Returns why the API server refuses an object; "" when it takes it."""
    try:
        server.create(wanted, where, dry_run=True)
    except Refused as error:
        return str(error)
    return ""


def patched(server: ApiServer, path: str, spec: Object) -> None:
    kind = "application/strategic-merge-patch+json"
    server.request("PATCH", f"/api/v1/namespaces/lab/pods/{path}", {"spec": spec}, content_type=kind)


def patch_image(server: ApiServer, name: str, image: str) -> None:
    patched(server, name, {"containers": [{"name": "app", "image": image}]})


def debug(server: ApiServer, name: str, image: str) -> None:
    patched(server, f"{name}/ephemeralcontainers", {"ephemeralContainers": [container(image, name="debug")]})


def container(image: str = IMAGE, **changes: Any) -> Object:
    return {"name": changes.pop("name", "app"), "image": image, **changes}


def asking(resource: str, amount: str = "1") -> Object:
    return container(resources={"limits": {resource: amount}})


def pod(metadata: Object | None = None, **spec: Any) -> Object:
    labels = {"app.kubernetes.io/name": "train"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "train", "labels": labels, **(metadata or {})},
        "spec": {"containers": [container()], **spec},
    }


def made_by(kind: str, pod_of_it: Object, **spec: Any) -> Object:
    """An object that makes pods like the given one."""
    labels = pod_of_it["metadata"].get("labels") or {"other": "label"}
    template = {"metadata": {"labels": labels}, "spec": copy.deepcopy(pod_of_it["spec"])}
    version = {"Job": "batch/v1", "CronJob": "batch/v1", "ReplicationController": "v1"}.get(kind, "apps/v1")
    made = {"apiVersion": version, "kind": kind, "metadata": {"name": "train"}}
    if kind in ("Job", "CronJob"):
        template["spec"].setdefault("restartPolicy", "Never")
        job = {"template": template, **spec}
        return {**made, "spec": {"schedule": "@daily", "jobTemplate": {"spec": job}} if kind == "CronJob" else job}
    selector = labels if kind == "ReplicationController" else {"matchLabels": labels}
    more = {"serviceName": "train"} if kind == "StatefulSet" else {}
    return {**made, "spec": {"selector": selector, "template": template, **more, **spec}}


KINDS = ("CronJob", "DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet")
OLD = pod({"name": "old", "labels": {}}, containers=[container(TAGGED)], serviceAccountName="other")
OLD_DEPLOYMENT = {**made_by("Deployment", OLD), "metadata": {"name": "old"}}


def tolerating(*tolerations: Object, **spec: Any) -> Object:
    return pod(tolerations=list(tolerations), **spec)


def tolerates(key: str, value: str = "", **changes: Any) -> Object:
    return {"key": key, **({"value": value} if value else {"operator": "Exists"}), **changes}


def on_pools(*pools: str, operator: str = "In") -> Object:
    terms = [{"matchExpressions": [{"key": POOL_LABEL, "operator": operator, "values": list(pools)}]}]
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}


def named(pool: str) -> Object:
    return {POOL_LABEL: pool}


DEVICE = [asking("nvidia.com/gpu")]
OF_A_RAY_JOB = {"apiVersion": "ray.io/v1", "kind": "RayJob", "name": "train", "uid": "5f3c", "controller": True}
GOOD = {
    "nothing said": pod(),
    "on a pool of its own": pod(containers=DEVICE, nodeSelector=named("own")),
    "with the taint of its pool": tolerating(tolerates("nvidia.com/gpu", "true"), nodeSelector=named("own")),
    "on its pools by affinity": pod(containers=DEVICE, affinity=on_pools("own", "mig")),
    "on MIG, whose taint no other pool has": tolerating(
        tolerates("gpu", "mig"), containers=[asking("nvidia.com/mig-1g.10gb")]
    ),
    "an expression on another label": pod(nodeSelector={"kubernetes.io/arch": "amd64"}),
    "Kubernetes' own tolerations": tolerating(
        tolerates("node.kubernetes.io/unreachable", effect="NoExecute", tolerationSeconds=30)
    ),
    "its priority": pod(priorityClassName="training"),
    "its account": pod(serviceAccountName="pipeline"),
    "an init container": pod(initContainers=[container(name="first")]),
}
BAD = {
    "a node": (pod(nodeName="node"), "the scheduler chooses the node"),
    "every taint": (
        tolerating({"operator": "Exists"}),
        "toleration of every taint is for no taint of this namespace's pools, which have: gpu=mig,nvidia.com/gpu=true",
    ),
    "every taint that evicts": (tolerating({"operator": "Exists", "effect": "NoExecute"}), "toleration of every taint"),
    "the taint of others": (tolerating(tolerates("gpu", "h100")), "toleration of gpu=h100 is for no taint"),
    "a taint of nodes that end": (
        tolerating(tolerates("karpenter.sh/disrupted")),
        "toleration of karpenter.sh/disrupted=* is for no taint",
    ),
    "a taint of nodes that end, as a device": (
        tolerating(tolerates("karpenter.sh/disrupted"), containers=[asking("karpenter.sh/disrupted", "0")]),
        "karpenter.sh/disrupted=* is for no taint",
    ),
    "cordoned nodes": (tolerating(tolerates("node.kubernetes.io/unschedulable")), "toleration of node"),
    "the pool of others": (
        pod(nodeSelector=named("h100")),
        "pool h100 is not one of this namespace's, which are: system,own,mig",
    ),
    "the pool of others by affinity": (pod(affinity=on_pools("own", "h100")), "pool h100 is not one"),
    "a device that others' nodes have": (pod(containers=DEVICE), "could be on pool alike, which"),
    "a device, and all but one pool": (
        pod(containers=DEVICE, affinity=on_pools("h100", operator="NotIn")),
        "could be on pool alike, which",
    ),
    "all values of a taint": (tolerating(tolerates("gpu")), "could be on pool h100, which"),
    "a system priority": (
        pod(priorityClassName="system-node-critical"),
        "priority system-node-critical is not one of this namespace's, which are: training,experiments",
    ),
    "a priority of others": (pod(priorityClassName="production-inference"), "priority production-inference is not one"),
    "an account of others": (
        pod(serviceAccountName="other"),
        "service account other is not one of this namespace's, which are: default,pipeline",
    ),
    "a tag": (pod(containers=[container(TAGGED)]), f"image {TAGGED} has no digest"),
    "an image of others": (pod(containers=[container(FOREIGN)]), f"image {FOREIGN} is not from {REGISTRY}"),
    "a registry that begins alike": (
        pod(containers=[container(IMAGE.replace("/train", ".example.com/train"))]),
        "is not from",
    ),
    "an init container by tag": (
        pod(initContainers=[container(TAGGED, name="first")]),
        f"image {TAGGED} has no digest",
    ),
    "a volume of an image": (
        pod(volumes=[{"name": "v", "image": {"reference": TAGGED}}]),
        f"image {TAGGED} has no digest",
    ),
    "no label": (pod({"labels": {"app": "train"}}), "label app.kubernetes.io/name is missing"),
}


@is_built
def test_every_expression_compiles_and_reads_fields_that_there_are(server: ApiServer) -> None:
    names = {each["metadata"]["name"] for each in policies(built())}
    kind = ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy")
    assert len(names) == 6
    for name in names:
        wait_for(lambda name=name: "typeChecking" in stored(server, *kind, "", name).get("status", {}))
        assert stored(server, *kind, "", name)["status"]["typeChecking"] == {}, name


OF_TEAMS = {
    "v1": ["Namespace", "ResourceQuota", "LimitRange"],
    "rbac.authorization.k8s.io/v1": ["Role", "RoleBinding"],
    "scheduling.k8s.io/v1": ["PriorityClass"],
    "admissionregistration.k8s.io/v1": ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"],
}


@is_built
@pytest.mark.parametrize(
    ("version", "kind"), [(version, kind) for version, kinds in OF_TEAMS.items() for kind in kinds]
)
def test_what_teams_get_is_stored_as_it_was_sent(server: ApiServer, version: str, kind: str) -> None:
    token = version if "/" in version else "core/v1"
    made = with_people().all(f"{token}:{kind}")
    assert made
    for number, each in enumerate(made):
        sent = plain({"apiVersion": version, "kind": kind, **each.inputs})
        where = sent["metadata"].get("namespace", "")
        sent["metadata"]["name"] = f"copy-{number}"
        if where in ("", "lab", "narrow"):
            kept = server.create(sent, where, dry_run=True)
            assert not differences(sent, kept), each.name
            if kind == "LimitRange":
                assert kept["spec"] == sent["spec"], "what the server adds to an entry of a list is a change, too"


@is_built
@pytest.mark.parametrize("case", GOOD)
def test_pods_of_teams_are_let_in(server: ApiServer, case: str) -> None:
    assert not refusal(server, GOOD[case])
    for kind in KINDS:
        assert not refusal(server, made_by(kind, GOOD[case])), kind


@is_built
@pytest.mark.parametrize("case", BAD)
def test_a_pod_against_a_rule_is_refused_and_so_is_what_would_make_it(server: ApiServer, case: str) -> None:
    wrong, says = BAD[case]
    assert says in refusal(server, wrong)
    for kind in KINDS:
        assert says in refusal(server, made_by(kind, wrong)), kind
    assert "denied request" not in refusal(server, wrong, "nobodys"), "a namespace without a team has no such rules"


@is_built
def test_a_team_with_narrow_pools_names_them_where_pools_are_open_to_everybody(server: ApiServer) -> None:
    assert "could be on pool system, which" in refusal(server, pod(), "narrow")
    assert not refusal(server, pod(nodeSelector=named("own")), "narrow")
    assert "pools, which have: nvidia.com/gpu=true" in refusal(server, tolerating(tolerates("gpu", "mig")), "narrow")


@is_built
def test_what_is_queued_names_its_pool_when_it_starts(server: ApiServer) -> None:
    """Kueue writes the node selector when it lets a Job or a pod start."""
    job = made_by("Job", pod(containers=DEVICE), suspend=True)
    gated = pod({"name": "gated"}, containers=DEVICE, schedulingGates=[{"name": "kueue.x-k8s.io/admission"}])
    for waiting in (job, gated):
        assert not refusal(server, waiting)
    assert "the scheduler chooses the node" in refusal(server, made_by("Job", pod(nodeName="node"), suspend=True))
    gated["metadata"]["labels"] = {"app.kubernetes.io/name": "gated"}
    server.create(gated, "lab")
    with pytest.raises(Refused, match="could be on pool alike"):
        server.merge(gated, "lab", {"spec": {"schedulingGates": None}})
    server.merge(gated, "lab", {"spec": {"schedulingGates": None, "nodeSelector": named("own")}})


@is_built
def test_what_an_operator_makes_has_labels_of_its_own(server: ApiServer) -> None:
    owner = {**OF_A_RAY_JOB, "controller": False}
    assert "label" in refusal(server, pod({"labels": {}, "ownerReferences": [owner]})), "it belongs to it, no more"
    assert not refusal(server, pod({"name": "submitter", "labels": {}, "ownerReferences": [OF_A_RAY_JOB]}))


def test_what_is_older_than_the_rules_can_be_scaled_labelled_and_ended(server: ApiServer) -> None:
    server.merge(OLD, "lab", {"metadata": {"finalizers": ["batch.kubernetes.io/job-tracking"], "labels": {"a": "b"}}})
    server.merge(OLD, "lab", {"metadata": {"finalizers": None}})
    server.merge(OLD_DEPLOYMENT, "lab", {"spec": {"replicas": 0}, "metadata": {"annotations": {"a": "b"}}})
    assert "denied request" in refusal(server, {**OLD, "metadata": {"name": "newer"}})


@is_built
def test_a_pod_that_runs_does_not_get_what_a_new_one_could_not_have(server: ApiServer) -> None:
    running = pod({"name": "running", "labels": {"app.kubernetes.io/name": "running"}})
    server.create(running, "lab")
    with pytest.raises(Refused, match="has no digest"):
        patch_image(server, "running", TAGGED)
    patch_image(server, "running", IMAGE.replace("train", "other"))
    for wrong in ({"operator": "Exists"}, tolerates("gpu", "h100")):
        kept = stored(server, "v1", "Pod", "lab", "running")["spec"]["tolerations"]
        with pytest.raises(Refused, match="toleration of "):
            server.merge(running, "lab", {"spec": {"tolerations": [*kept, wrong]}})
    with pytest.raises(Refused, match=r"label app\.kubernetes\.io/name is missing"):
        server.merge(running, "lab", {"metadata": {"labels": {"app.kubernetes.io/name": None}}})


@is_built
def test_a_debugging_container_has_a_trusted_image_too(server: ApiServer) -> None:
    server.create(pod({"name": "debugged", "labels": {"app.kubernetes.io/name": "debugged"}}), "lab")
    for image, says in ((TAGGED, "has no digest"), (FOREIGN, "is not from")):
        with pytest.raises(Refused, match=says):
            debug(server, "debugged", image)
    debug(server, "debugged", IMAGE)
    debug(server, "old", IMAGE)  # its own image has a tag, and is not judged again


@is_built
def test_pods_of_a_daemon_set_tolerate_what_its_controller_adds_and_no_more(server: ApiServer) -> None:
    conditions = ("disk-pressure", "memory-pressure", "pid-pressure", "unschedulable", "not-ready", "unreachable")
    added = [tolerates(f"node.kubernetes.io/{each}", effect="NoSchedule") for each in conditions]
    daemon = tolerating(*added, containers=DEVICE)
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node"]}]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    daemon["spec"]["affinity"] = {"nodeAffinity": required}
    assert "toleration of " in refusal(server, daemon), "a person could keep a node from being drained"
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "daemon-set-controller"}}
    created(server, account, "kube-system")
    path = "/api/v1/namespaces/kube-system/serviceaccounts/daemon-set-controller/token"
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    controller = server.with_token(server.request("POST", path, request)["status"]["token"])
    assert not refusal(controller, daemon)
    daemon["spec"]["tolerations"] = [*added, {"operator": "Exists"}]
    assert "toleration of " in refusal(controller, daemon)


@is_built
def test_the_proxy_of_the_mesh_is_let_in_by_its_exact_name(server: ApiServer) -> None:
    release = {"values": {"cniEnabled": True}, "namespace": "linkerd"}
    inside = {"name": "lab", "annotations": {"linkerd.io/inject": "enabled"}}
    meshed: Object = plain(injected(pod(), inside, release))
    images = {each["image"] for each in meshed["spec"]["initContainers"]}
    assert images == set(proxy_images({}))
    meshed["spec"]["automountServiceAccountToken"] = False
    assert not refusal(server, meshed)
    meshed["spec"]["initContainers"][0]["image"] = "cr.l5d.io/linkerd/proxy:other"
    assert "image cr.l5d.io/linkerd/proxy:other is not from" in refusal(server, meshed)


@is_built
def test_a_viewer_reads_its_own_namespace_and_no_other(server: ApiServer) -> None:
    """A Role gives `namespaces` in its namespace: the API server asks for the right there, by the name in the path."""
    rbac, person = "rbac.authorization.k8s.io", {"metadata": {"name": "viewer"}}
    grants = [
        {"apiGroups": [each.group], "resources": [*each.resources], "verbs": [*each.verbs]} for each in ROLES["viewer"]
    ]
    server.create({"apiVersion": f"{rbac}/v1", "kind": "Role", **person, "rules": grants}, "lab")
    ref = {"apiGroup": rbac, "kind": "Role", "name": "viewer"}
    subject = {"kind": "ServiceAccount", "namespace": "lab", "name": "other"}
    binding = {"apiVersion": f"{rbac}/v1", "kind": "RoleBinding", **person, "roleRef": ref, "subjects": [subject]}
    server.create(binding, "lab")
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    path = "/api/v1/namespaces/lab/serviceaccounts/other/token"
    viewer = server.with_token(server.request("POST", path, request)["status"]["token"])
    assert POOLS_MARK in stored(viewer, "v1", "Namespace", "", "lab")["metadata"]["annotations"]
    with pytest.raises(Refused, match="forbidden"):
        stored(viewer, "v1", "Namespace", "", "narrow")
    with pytest.raises(Refused, match="forbidden"):
        viewer.request("GET", "/api/v1/namespaces")


@is_built
def test_a_token_that_never_expires_is_not_made(server: ApiServer) -> None:
    secret: Object = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "own"}}
    of_account = {"annotations": {"kubernetes.io/service-account.name": "default"}}
    token = {**secret, "type": "kubernetes.io/service-account-token"}
    assert "never expires" in refusal(server, {**token, "metadata": {"name": "own", **of_account}})
    assert not refusal(server, secret)
    assert not refusal(server, {**secret, "type": "kubernetes.io/tls", "data": {"tls.crt": "", "tls.key": ""}})


@is_built
def test_a_service_does_not_take_what_others_send_to_an_address(server: ApiServer) -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "own"}}
    spec = {"selector": {"app": "own"}, "ports": [{"port": 443}]}
    assert "externalIPs would get" in refusal(server, {**service, "spec": {**spec, "externalIPs": ["203.0.113.1"]}})
    assert not refusal(server, {**service, "spec": spec})
    assert not refusal(server, {**service, "spec": {"type": "ExternalName", "externalName": "example.com"}})


@is_built
def test_a_stack_that_warns_lets_images_and_labels_in_and_nothing_else(planes: ControlPlanes) -> None:
    server = started(planes, "warns", built(mode="warn"))
    assert not refusal(server, pod({"labels": {}}, containers=[container(TAGGED)]))
    assert "toleration of " in refusal(server, tolerating({"operator": "Exists"}))
    assert "service account other is not one" in refusal(server, pod(serviceAccountName="other"))


def test_a_team_more_changes_no_rule_and_no_teams_no_rules() -> None:
    cloud = PlatformCloud()
    more = {"name": "more", "namespaces": ["more"], "pools": ["own", "h100"]}
    cloud.up(stack(clusters={"main": {**CLUSTER, "pools": POOLS}}, teams=[LAB, NARROW, more], mesh={}))
    assert policies(cloud) == policies(built())
    alone = PlatformCloud()
    alone.up(stack())
    assert not policies(alone), "other pods are the platform's own"


def test_the_mode_has_a_binding_of_its_own_since_its_actions_cannot_change() -> None:
    names = [
        {each["metadata"]["name"] for each in policies(cloud) if each["kind"].endswith("Binding")}
        for cloud in (built(), built(mode="warn"))
    ]
    warn = {"ml-platform-images-warns", "ml-platform-labels-warns"}
    assert names[1] - names[0] == warn
    assert names[0] - names[1] == {"ml-platform-images", "ml-platform-labels"}


def test_a_namespace_says_which_pools_its_team_has_and_what_keeps_pods_off_the_others() -> None:
    said = {key: value for key, value in namespace(built(), "lab")["metadata"]["annotations"].items() if "ml-" in key}
    assert said == {
        "ml-platform/pools": "system,own,mig",
        "ml-platform/taints": "gpu=mig,nvidia.com/gpu=true",
        "ml-platform/other-pools": "alike:nvidia.com/gpu=true,h100:gpu=h100",
        "ml-platform/priorities": "training,experiments",
        "ml-platform/service-accounts": "default,pipeline",
    }


@pytest.mark.parametrize("version", ["v2", f"v2@sha256:{'0' * 64}"])
def test_the_proxy_of_another_distribution_is_let_in_by_its_own_name(version: str) -> None:
    image = {"name": "registry.example.com/proxy", "version": version}
    addons = {"linkerd-control-plane": AddonSettings(values={"proxy": {"image": image}})}
    assert proxy_images(addons) == (f"registry.example.com/proxy:{version}",)
    assert proxy_images({}) == (f"cr.l5d.io/linkerd/proxy:{CHARTS['linkerd-control-plane'].app_version}",)
