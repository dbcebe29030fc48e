"""Each kind of danger, with changes that are one and changes that are none."""

import json
import re

import pytest

from common.values import UNKNOWN_TEXT
from report.dangers import dangers, judge, plan_from, weaker
from report.dangers.danger import GRAVE, LOST, NOTE, SERIOUS
from report.events import Finding
from tests.report.logs import PREFIX, PROVIDER, STACK, seen, state, step, summary, urn

CLUSTER = urn("mlplatform:cluster:Cluster", "main")
EKS = urn("mlplatform:cluster:Cluster$aws:eks/cluster:Cluster", "main-eksCluster")
MANAGED = urn("mlplatform:cluster:Cluster$mlplatform:compute:NodePool", "main-h100")
KARPENTER = urn("mlplatform:cluster:Cluster$mlplatform:compute:KarpenterPool", "main-a100")
POOLS = [
    step("same", PROVIDER, inputs={"region": "us-west-2"}),
    step("same", CLUSTER),
    step("same", MANAGED, CLUSTER),
    step("same", KARPENTER, CLUSTER),
]
BUCKET = urn("aws:s3/bucket:Bucket", "models")


def of(type_, before, after, name="it", parent=STACK, op="update", **more):
    """Returns the step that changes a resource; before or after is None for one that is new or goes."""
    it = urn(type_, name)
    old = None if before is None else state(it, parent, inputs=before, **more)
    op = "create" if before is None else "delete" if after is None else op
    changed = [key for key in {**(before or {}), **(after or {})} if (before or {}).get(key) != (after or {}).get(key)]
    return step(op, it, parent, old=old, inputs=after or {}, because=changed, **more)


def group(zone, before, after, op="update", nodes=MANAGED, **common):
    """Returns the step of a node group of three p5 nodes at most."""
    base = {
        "scalingConfig": {"minSize": 0, "maxSize": 3},
        "instanceTypes": ["p5.48xlarge"],
        "capacityType": "ON_DEMAND",
        **common,
    }
    inputs = [None if each is None else {**base, **each} for each in (before, after)]
    return of("aws:eks/nodeGroup:NodeGroup", *inputs, f"{nodes.rpartition('::')[2]}-{zone}", nodes, op)


def node_pool(before=None, after=None, requirements=None):
    """Returns the step of a NodePool; before and after: what differs in the spec of its template."""
    either = [{"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["p4d.24xlarge"]}]

    def spec(template, extra):
        inner = {"requirements": [*either, *extra], "taints": [{"key": "gpu"}], **(template or {})}
        return {"spec": {"limits": {"nodes": "3", "nvidia.com/gpu": "24", "cpu": "288"}, "template": {"spec": inner}}}

    old, new = requirements or ((), ())
    op = "same" if before == after and old == new else "update"
    return of("kubernetes:karpenter.sh/v1:NodePool", spec(before, old), spec(after, new), "main-a100", KARPENTER, op)


def node_class(before, after):
    steps = [{"spec": {"role": "nodes", **each}} for each in (before, after)]
    return of("kubernetes:karpenter.k8s.aws/v1:EC2NodeClass", *steps, "main-a100", KARPENTER)


def template(before, after):
    return of("aws:ec2/launchTemplate:LaunchTemplate", before, after, "main-h100", MANAGED)


def found(*steps, kind="", judges=()):
    log = [*POOLS, *steps, summary()]
    return [each for each in dangers(plan_from(seen(log)), judges) if not kind or each.kind == kind]


def openings(*steps, kind=""):
    return [each.opening for each in found(*steps, kind=kind)]


OLD, NEW = {"launchTemplate": {"id": "lt", "version": "1"}}, {"launchTemplate": {"id": "lt", "version": UNKNOWN_TEXT}}
TAGS = [{"tagSpecifications": [{"tags": {"cost-center": each}} for _ in range(3)]} for each in ("ml", "research")]


# Nodes


def test_a_cost_tag_in_a_launch_template_rolls_every_node_of_the_pool_zone_by_zone():
    (danger,) = found(template(*TAGS), *(group(zone, OLD, NEW) for zone in "abc"))
    assert danger.opening == "every node of pool main-h100 rolls: tag cost-center ml → research"
    assert danger.at_stake == "0 to 9 nodes, up to 72 GPUs"
    assert danger.consequence == "jobs that run there end; one zone after another"
    assert "add a second pool with the change" in danger.gently


def test_a_replacement_says_what_both_pools_need_or_that_the_old_nodes_go_first():
    types = [{"instanceTypes": [each]} for each in ("p5.48xlarge", "p5e.48xlarge")]

    def replaced(*ops):
        (danger,) = found(*(group(zone, *types, op=op) for op in ops for zone in "abc"), kind="nodes")
        return danger

    beside = replaced("create-replacement", "replace", "delete-replaced")
    assert "pool main-h100 is replaced: " in beside.opening
    assert "; quota while both stand: Running On-Demand P instances: 1,728 → 3,456 vCPUs" in beside.at_stake
    assert beside.consequence == "jobs that run there end; 3 zones of a pool at the same time"
    first = replaced("delete-replaced", "replace", "create-replacement")
    assert "pool main-h100 is replaced, and its old nodes go first: " in first.opening
    assert "quota" not in first.at_stake


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        ({"version": "1.34"}, {"version": "1.35"}, "version: 1.34 → 1.35"),
        ({"releaseVersion": "1"}, {"releaseVersion": "2"}, "releaseVersion: 1 → 2"),
        (OLD, NEW, "launchTemplate.version: 1 → known after up"),
    ],
)
def test_a_new_version_or_image_of_a_node_group_rolls_its_nodes(before, after, cause):
    assert openings(group("a", before, after)) == [f"every node of pool main-h100 rolls: {cause}"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"labels": {}}, {"labels": {"a": "b"}}),
        ({"updateConfig": {"maxUnavailable": 1}}, {"updateConfig": {"maxUnavailable": 2}}),
        ({"tagsAll": {"a": "b"}}, {"tagsAll": {"a": "c"}}),
        ({"scalingConfig": {"minSize": 1, "maxSize": 3}}, {"scalingConfig": {"minSize": 0, "maxSize": 3}}),
    ],
)
def test_what_ekss_changes_in_place_rolls_nothing(before, after):
    assert openings(group("a", before, after), kind="nodes") == []


def test_a_template_that_no_node_group_follows_rolls_nothing():
    assert openings(template(*TAGS), group("a", OLD, OLD, op="same")) == []


def test_user_data_is_not_shown_but_named():
    changed = template({"userData": "YQ=="}, {"userData": "Yg=="})
    assert openings(changed, group("a", OLD, NEW)) == ["every node of pool main-h100 rolls: user data"]


def test_another_layout_of_slices_says_so():
    sharing = [{**each, "labels": {"ml-platform/sharing": mig}} for each, mig in ((OLD, "mig-7x"), (NEW, "mig-2x"))]
    changed = template({"userData": "YQ=="}, {"userData": "Yg=="})
    (opening,) = openings(changed, group("a", *sharing))
    assert "sharing mig-7x → mig-2x, and pods that ask for slices of before stay pending" in opening


def test_a_renamed_pool_goes_and_another_comes():
    heir = MANAGED.replace("main-h100", "main-training")
    steps = [group(zone, OLD, None) for zone in "abc"] + [group(zone, None, OLD, nodes=heir) for zone in "abc"]
    (danger,) = found(step("create", heir, CLUSTER), *steps, kind="nodes")
    assert danger.opening == "every node of pool main-h100 goes, and main-training comes"
    assert (
        danger.at_stake
        == "0 to 9 nodes, up to 72 GPUs; quota while both stand: Running On-Demand P instances: 1,728 → 3,456 vCPUs"
    )
    assert danger.gently == "add main-training first, move the jobs, then remove main-h100"


def test_a_pool_that_comes_under_the_same_name_has_to_come_under_another_one():
    karpenter = MANAGED.replace("NodePool", "KarpenterPool")
    heir = group("a", None, OLD, nodes=karpenter)
    (danger,) = found(step("create", karpenter, CLUSTER), group("b", OLD, None), heir, kind="nodes")
    assert danger.opening == "every node of pool main-h100 goes, and another one of this name comes"
    assert danger.gently == "add a pool under another name first, move the jobs, then remove main-h100"


@pytest.mark.parametrize(
    ("target", "steps", "breaks"),
    [
        ({"destinationCidrBlock": "10.0.0.0/8"}, (), False),
        ({"destinationCidrBlock": "10.0.0.0/16"}, (), True),
        ({"destinationCidrBlock": "10.0.0.0/8", "transitGatewayId": "other"}, (), True),
        ({"destinationCidrBlock": "10.0.0.0/8"}, ("delete-replaced",), True),
    ],
)
def test_a_route_that_another_one_covers_breaks_nothing_off(target, steps, breaks):
    route = {"routeTableId": "rt", "transitGatewayId": "tgw", "destinationCidrBlock": "10.0.0.0/9"}
    kind, new = "aws:ec2/route:Route", {**route, **target}
    replaced = [of(kind, route, new, op=each) for each in (*steps, "replace")]
    pair = [of(kind, route, None, "old"), of(kind, None, new, "new")]
    assert ("Route it replaced" in " ".join(openings(*replaced, kind="nodes"))) is breaks
    assert steps or bool(openings(*pair, kind="nodes")) is breaks


def test_one_zone_of_a_pool_that_goes_is_not_every_node():
    steps = [group("a", OLD, OLD, op="same"), group("b", OLD, None)]
    (danger,) = found(*steps)
    assert danger.opening == "nodes of pool main-h100 go in 1 of 2 zones"
    assert danger.at_stake == "0 to 3 nodes, up to 24 GPUs", "not those of the zones that stay"


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        ({"tags": {"team": "a"}}, {"tags": {"team": "b"}}, "tag team a → b"),
        ({"tags": {"acme:Owner": "a:b"}}, {"tags": {"acme:Owner": "c"}}, "tag acme:Owner a:b → c"),
        ({"userData": "a"}, {"userData": "b"}, "user data"),
        (
            {"amiSelectorTerms": [{"alias": "al2023@v1"}]},
            {"amiSelectorTerms": [{"alias": "al2023@v2"}]},
            "spec.amiSelectorTerms[0].alias: al2023@v1 → al2023@v2",
        ),
        ({"kubelet": {"maxPods": 110}}, {"kubelet": {"maxPods": 58}}, "spec.kubelet.maxPods: 110 → 58"),
    ],
)
def test_what_karpenter_hashes_of_a_node_class_rolls_its_pool(before, after, cause):
    assert openings(node_pool(), node_class(before, after)) == [f"every node of pool main-a100 rolls: {cause}"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"subnetSelectorTerms": [{"id": "a"}]}, {"subnetSelectorTerms": [{"id": "a"}, {"id": "b"}]}),
        (
            {"securityGroupSelectorTerms": [{"id": "a"}, {"id": "b"}]},
            {"securityGroupSelectorTerms": [{"id": "b"}, {"id": "a"}]},
        ),
        ({"ipPrefixCount": 1}, {"ipPrefixCount": 2}),
        ({"networkInterfaces": [{"n": 1}, {"n": 2}]}, {"networkInterfaces": [{"n": 2}, {"n": 1}]}),
        ({}, {"detailedMonitoring": False}),
    ],
    ids=["selectors", "groups", "prefixes", "another order", "an empty value"],
)
def test_what_karpenter_does_not_hash_rolls_nothing(before, after):
    assert openings(node_pool(), node_class(before, after)) == []


def test_the_template_of_a_node_pool_is_hashed_without_its_requirements():
    assert openings(node_pool({"expireAfter": "720h"}, {"expireAfter": "24h"})) == [
        "every node of pool main-a100 rolls: spec.template.spec.expireAfter: 720h → 24h"
    ]
    zones = [[{"key": "zone", "values": list(names)}] for names in ("a", "ab")]
    assert openings(node_pool(requirements=(zones[0], zones[1]))) == [], "a node in zone a still fits"
    assert openings(node_pool(requirements=(zones[1], zones[0]))) == [
        "nodes of pool main-a100 that no longer fit roll: zone without b"
    ]


def test_other_subnets_or_security_groups_roll_what_no_longer_fits():
    groups = [{"securityGroupSelectorTerms": [{"id": each}]} for each in "ab"]
    assert openings(node_pool(), node_class(*groups)) == ["every node of pool main-a100 rolls: other security groups"]
    subnets = [{"subnetSelectorTerms": [{"id": each}]} for each in "ab"]
    assert openings(node_pool(), node_class(*subnets)) == [
        'nodes of pool main-a100 that no longer fit roll: subnetSelectorTerms without {"id": "a"}'
    ]
    gone = of("kubernetes:karpenter.k8s.aws/v1:EC2NodeClass", {"spec": {}}, None, "main-a100", KARPENTER)
    assert openings(node_pool(), gone) == ["EC2NodeClass main-a100 deleted"]


def needs(operator, *values):
    return [{"key": "k", "operator": operator, **({"values": list(values)} if values else {})}]


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        (needs("In", "a"), needs("NotIn", "a"), "k without a"),
        (needs("NotIn", "a"), needs("NotIn", "a", "b"), "k without b"),
        (needs("Exists"), needs("DoesNotExist"), "k DoesNotExist"),
        (needs("Gt", "4"), needs("Gt", "8"), "k without 8"),
        (needs("Lt", "8"), needs("Lt", "4"), "k without 4"),
        (needs("Exists"), needs("In", "a"), "k In a"),
        ([], needs("In", "a"), "k is required"),
        (needs("Gt", "8"), needs("Gt", "4"), ""),
        (needs("NotIn", "a", "b"), needs("NotIn", "a"), ""),
        (needs("In", "a"), needs("Exists"), ""),
        (needs("In", "5"), needs("Gt", "4"), ""),
    ],
)
def test_a_requirement_rolls_the_nodes_that_it_refuses_and_no_others(before, after, cause):
    says = [f"nodes of pool main-a100 that no longer fit roll: {cause}"] if cause else []
    assert openings(node_pool(requirements=(before, after))) == says


def test_a_taint_that_evicts_is_put_on_running_nodes():
    taints = {"taints": [{"key": "team", "value": "x", "effect": "NO_EXECUTE"}]}
    assert openings(*(group(zone, {}, taints) for zone in "ab")) == [
        "nodes of pool main-h100 evict pods that do not tolerate team=x"
    ]
    soft = {"taints": [{"key": "team", "value": "x", "effect": "NO_SCHEDULE"}]}
    assert openings(group("a", {}, soft)) == []


@pytest.mark.parametrize(
    ("before", "after", "opening"),
    [
        ({"budgets": [{"nodes": "0"}]}, {"budgets": [{"nodes": "100%"}]}, "disruption budget of it: 0 → 100%"),
        (
            {"consolidationPolicy": "WhenEmpty"},
            {"consolidationPolicy": "WhenEmptyOrUnderutilized"},
            "consolidation of it: WhenEmpty → WhenEmptyOrUnderutilized",
        ),
    ],
)
def test_more_disruption_is_one(before, after, opening):
    specs = [{"spec": {"disruption": each}} for each in (before, after)]
    assert openings(of("kubernetes:karpenter.sh/v1:NodePool", *specs)) == [opening]
    assert openings(of("kubernetes:karpenter.sh/v1:NodePool", *reversed(specs))) == []


@pytest.mark.parametrize(
    ("before", "after", "opening"),
    [
        (
            {"updateConfig": {"maxUnavailablePercentage": 33}},
            {"updateConfig": {"maxUnavailablePercentage": 100}},
            "nodes of it that an update may take at a time: 33% → 100%",
        ),
        (
            {},
            {"updateConfig": {"maxUnavailablePercentage": 60}},
            "nodes of it that an update may take at a time: not set → 60%",
        ),
        (
            {"nodeRepairConfig": {"enabled": True}},
            {"nodeRepairConfig": {"enabled": False}},
            "nodes of it are no longer repaired: true → false",
        ),
    ],
)
def test_updates_of_most_nodes_at_once_and_no_repair_are_one(before, after, opening):
    kind = "aws:eks/nodeGroup:NodeGroup"
    assert openings(of(kind, before, after)) == [opening]
    assert openings(of(kind, after, before)) == []
    assert openings(of(kind, {}, {"updateConfig": {"maxUnavailablePercentage": 50}})) == []


@pytest.mark.parametrize(
    "kind",
    [
        "ec2/vpcEndpoint:VpcEndpoint",
        "ec2/route:Route",
        "ec2/internetGateway:InternetGateway",
        "efs/mountTarget:MountTarget",
        "eks/addon:Addon",
        "iam/rolePolicyAttachment:RolePolicyAttachment",
    ],
)
def test_what_nodes_and_jobs_need_is_missed_when_it_goes(kind):
    assert openings(of(f"aws:{kind}", {"vpcId": "v"}, None)) == [f"{kind.rpartition(':')[2]} it deleted"]


def test_a_chart_of_definitions_takes_all_their_objects_and_a_namespace_of_a_chart_is_expected():
    release = "kubernetes:helm.sh/v3:Release"
    (lost,) = found(of(release, {"chart": "karpenter-crd"}, None))
    assert (lost.severity, lost.consequence) == (GRAVE, "all objects of its definitions are deleted")
    (chart, namespace) = found(
        of(release, {"chart": "gpu-operator", "namespace": "gpus"}, None),
        of("kubernetes:core/v1:Namespace", {"metadata": {"name": "gpus"}}, None),
    )
    assert (chart.severity, namespace.severity) == (SERIOUS, SERIOUS), "a pool of GPUs that goes is graver"


def test_karpenter_that_goes_with_its_pool_is_headed_by_the_pool():
    karpenter = urn("mlplatform:autoscaling:Karpenter", "main-karpenter")
    gone = [
        step("delete", karpenter),
        of("kubernetes:helm.sh/v3:Release", {"chart": "karpenter-crd"}, None, "main-karpenter-crd", karpenter),
        of("aws:eks/accessEntry:AccessEntry", {"type": "EC2_LINUX"}, None, "main-karpenter-node", karpenter),
        of("aws:ec2/vpcEndpoint:VpcEndpoint", {}, None, "its-endpoint", karpenter),
    ]
    assert openings(group("a", OLD, None), *gone) == [
        "every node of pool main-h100 goes",
        "Release of definitions main-karpenter-crd deleted",
    ]


def test_a_new_version_of_kubernetes_gives_karpenters_nodes_another_image():
    upgrade = step(
        "update",
        EKS,
        CLUSTER,
        old=state(EKS, CLUSTER, inputs={"version": "1.34"}),
        inputs={"version": "1.35"},
        because=["version"],
    )
    assert openings(node_pool(), upgrade) == ["every node of pool main-a100 rolls: Kubernetes version: 1.34 → 1.35"]


def test_a_daemon_set_rolls_no_node():
    assert openings(node_pool(), of("kubernetes:apps/v1:DaemonSet", {"spec": 1}, {"spec": 2})) == []


def test_a_replaced_cluster_says_what_goes_with_it_once():
    steps = [
        step("replace", EKS, CLUSTER, because=["vpcConfig.subnetIds", "replaceWith"]),
        group("a", OLD, NEW, op="replace"),
        of("aws:eks/accessEntry:AccessEntry", {"a": 1}, {"a": 1}, "main-admin", CLUSTER, "replace"),
        node_pool(),
    ]
    (danger,) = found(*steps)
    assert danger.opening == "Cluster main replaced, because of vpcConfig"
    assert danger.at_stake == "0 to 6 nodes, up to 48 GPUs, 1 object of this stack"
    assert danger.gently.startswith("build a second stack")


def test_a_cluster_of_two_counts_its_own_objects_and_its_workloads_move_to_the_other():
    second = urn("mlplatform:cluster:Cluster", "second")
    eks = urn("mlplatform:cluster:Cluster$aws:eks/cluster:Cluster", "second-eks")
    claims = [
        of(CLAIM, {}, {} if where == CLUSTER else None, f"{name}{i}", where, "same")
        for i, (name, where) in enumerate([("main", CLUSTER), ("main", CLUSTER), ("second", second)])
    ]
    danger = found(
        step("same", EKS, CLUSTER), step("delete", second), step("delete", eks, second), *claims, kind="nodes"
    )[0]
    assert (danger.opening, danger.at_stake) == ("Cluster second deleted", "0 nodes, 1 object of this stack")
    assert danger.gently == "move its workloads to cluster main first"


def test_a_replaced_network_does_not_name_each_subnet():
    subnets = [of("aws:ec2/subnet:Subnet", {}, {}, name, op="replace") for name in "ab"]
    assert openings(of("aws:ec2/vpc:Vpc", {}, {}, "network", op="replace"), *subnets) == ["Vpc network replaced"]
    assert openings(*subnets) == ["Subnet a, b replaced"]


# Data


@pytest.mark.parametrize(
    ("type_", "before", "after", "opening"),
    [
        ("aws:s3/bucket:Bucket", {}, None, "Bucket it deleted"),
        ("kubernetes:core/v1:PersistentVolumeClaim", {}, None, "PersistentVolumeClaim it deleted"),
        ("aws:amp/workspace:Workspace", {}, None, "Workspace it deleted"),
        (
            "aws:amp/workspaceConfiguration:WorkspaceConfiguration",
            {"retentionPeriodInDays": 400},
            {"retentionPeriodInDays": 150},
            "metrics of it are deleted after 150 days, before: after 400 days",
        ),
        ("aws:backup/selection:Selection", {"resources": ["arn:::cluster/a"]}, None, "backups of cluster/a end"),
        (
            "aws:cloudwatch/logGroup:LogGroup",
            {"retentionInDays": 0},
            {"retentionInDays": 30},
            "logs of it are deleted after 30 days, before: never",
        ),
        (
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
            {"rules": [{"noncurrentVersionExpiration": {"noncurrentDays": 90}}]},
            {"rules": [{"noncurrentVersionExpiration": {"noncurrentDays": 7}}]},
            "old versions of objects of it are deleted after 7 days, before: after 90 days",
        ),
        (
            "aws:backup/plan:Plan",
            {"rules": [{"lifecycle": {"deleteAfter": 35}}]},
            {"rules": [{"lifecycle": {"deleteAfter": 35}}, {"lifecycle": {"deleteAfter": 7}}]},
            "recovery points of it are deleted after 7 days, before: after 35 days",
        ),
        (
            "aws:s3/bucketVersioning:BucketVersioning",
            {"versioningConfiguration": {"status": "Enabled"}},
            {"versioningConfiguration": {"status": "Suspended"}},
            "versioning of bucket it is suspended",
        ),
    ],
)
def test_data_that_goes_or_goes_sooner(type_, before, after, opening):
    assert openings(of(type_, before, after)) == [opening]


LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
LINK = "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation"
TEMPORARY = {"filter": {"prefix": "tmp/"}, "expiration": {"days": 1}}


def loki(period, **streams):
    apart = [{"selector": name, "period": days} for name, days in streams.items()]
    return {
        "chart": "loki",
        "values": {"loki": {"limits_config": {"retention_period": period, "retention_stream": apart}}},
    }


def exports(*events):
    return {"s3": {"autoExportPolicy": {"events": list(events)}}}


BUCKET_TYPE, BACKED_UP = "aws:s3/bucket:Bucket", "ml-platform:backup"


def backup(schedule, minutes, **more):
    """Returns the inputs of data with the tags that select it for backups and say what is promised."""
    targets = {f"ml-platform:{what}-minutes": str(minutes) for what in ("rpo", "rto")}
    return {"tags": {BACKED_UP: schedule, **targets}, "tagsAll": {"environment": "prod", **more}}


def selection(before, after, op="same", name="continuous"):
    """Returns the step of a selection of what has some tags."""

    def conditions(tags):
        equal = [{"key": f"aws:ResourceTag/{key}", "value": value} for key, value in tags.items()]
        return {"conditions": [{"stringEquals": equal}], "resources": ["arn:aws:s3:::*"]}

    after = None if op == "delete" else conditions(after)
    return of("aws:backup/selection:Selection", conditions(before), after, name, op=op)


def test_data_that_no_selection_takes_any_longer_is_no_longer_backed_up():
    continuous, daily = ({BACKED_UP: each, "environment": "prod"} for each in ("continuous", "daily"))
    there = selection(continuous, continuous), selection(daily, daily, name="daily")
    ends = of(BUCKET_TYPE, backup("continuous", 60), backup("versions", 1440), "models")
    assert openings(*there, ends) == [
        "backups of models end",
        "recovery target of models, RPO: 60 minutes → 1440 minutes",
        "recovery target of models, RTO: 60 minutes → 1440 minutes",
    ]
    rarer = of(BUCKET_TYPE, backup("continuous", 60), backup("daily", 60), "models")
    assert openings(*there, rarer) == ["backups of models are made less often: continuous → daily"]


def test_backups_end_only_of_what_no_selection_takes():
    hourly, daily = ({BACKED_UP: each} for each in ("hourly", "daily"))
    plan = of("aws:backup/plan:Plan", {}, None, "hourly")
    gone = selection(hourly, hourly, name="daily-hourly", op="delete")
    rarer = of(BUCKET_TYPE, backup("hourly", 60), backup("daily", 60), "models")
    assert openings(plan, gone, selection(daily, daily), rarer) == [
        "backups of models are made less often: hourly → daily"
    ]
    deleted = step("delete", BUCKET, old=state(BUCKET, inputs=backup("hourly", 60)))
    assert openings(plan, gone, deleted) == ["Bucket models deleted"], "it says more"


def named(*clusters):
    return {"resources": [f"arn:aws:eks:us-west-2:1:cluster/{each}" for each in clusters]}


def test_backups_of_what_a_selection_names_end_unless_another_takes_it_or_it_goes():
    kind = "aws:backup/selection:Selection"
    second = urn("mlplatform:cluster:Cluster$aws:eks/cluster:Cluster", "second-eks")
    assert openings(of(kind, named("main", "second"), named("main"))) == ["backups of cluster/second end"]
    assert openings(of(kind, named("main"), None), of(kind, None, named("main"), "other")) == []
    assert openings(of(kind, named("main"), {"resources": [UNKNOWN_TEXT]}, op="replace")) == []
    stays = step("same", second, CLUSTER, id="second")
    with_a_new_one = {"resources": [*named("main")["resources"], UNKNOWN_TEXT]}
    changed = of(kind, named("main", "second"), with_a_new_one)
    assert openings(stays, changed) == ["backups of cluster/second end"], "the unknown name is of another cluster"
    gone = step("delete", second, CLUSTER, old=state(second, CLUSTER, id="second"))
    assert "backups" not in " ".join(openings(of(kind, named("main", "second"), named("main")), gone))


def test_a_selection_by_another_key_is_none_when_the_data_gets_that_key_in_the_same_change():
    renamed = selection(
        {BACKED_UP: "daily", "environment": "prod"}, {BACKED_UP: "daily", "Environment": "prod"}, "update"
    )
    both = backup("daily", 60), backup("daily", 60, Environment="prod")
    assert openings(renamed, of(BUCKET_TYPE, *both, "models")) == []
    assert openings(renamed, of(BUCKET_TYPE, both[0], both[0], "models", op="same")) == ["backups of models end"]


def versions(kept):
    rule = {"noncurrentVersionExpiration": {"noncurrentDays": 7, "newerNoncurrentVersions": kept}}
    return {"rules": [rule]}


@pytest.mark.parametrize(
    ("type_", "before", "after", "opening"),
    [
        (
            LIFECYCLE,
            {"rules": [TEMPORARY]},
            {"rules": [TEMPORARY, {"expiration": {"days": 7}}]},
            "objects of it are deleted after 7 days, before: never",
        ),
        (
            LIFECYCLE,
            {"rules": [TEMPORARY]},
            {"rules": [{"expiration": {"days": 1}}]},
            "objects of it are deleted after 1 day, before: never",
        ),
        (
            LIFECYCLE,
            {"rules": [{**TEMPORARY, "status": "Disabled"}]},
            {"rules": [{**TEMPORARY, "status": "Enabled"}]},
            "objects of it are deleted after 1 day under tmp/, before: never",
        ),
        (
            LIFECYCLE,
            {"rules": []},
            {"rules": [{"expiration": {"date": "2026-12-01"}}]},
            "objects of it are deleted on a date, before: never",
        ),
        (
            LIFECYCLE,
            versions(10),
            versions(1),
            "old versions of objects of it are deleted after 7 days, before: after 7 days; newer versions: 10 → 1",
        ),
        (
            "aws:backup/plan:Plan",
            {"rules": [{"schedule": "daily"}]},
            {"rules": [{"schedule": "yearly"}]},
            "backups by it are no longer made at daily",
        ),
        (
            "aws:backup/plan:Plan",
            {"rules": [{"copyActions": [{"destinationVaultArn": "far"}]}]},
            {"rules": [{}]},
            "backups by it are no longer copied to far",
        ),
        (
            "aws:backup/selection:Selection",
            {"resources": ["a", "b"]},
            {"resources": ["a"]},
            "backups of b end",
        ),
        (
            "aws:efs/backupPolicy:BackupPolicy",
            {"backupPolicy": {"status": "ENABLED"}},
            {"backupPolicy": {"status": "DISABLED"}},
            "backups of file system it end",
        ),
        (
            "aws:efs/replicationConfiguration:ReplicationConfiguration",
            {},
            None,
            "it is no longer copied to another place",
        ),
        ("aws:s3/bucketReplicationConfig:BucketReplicationConfig", {}, None, "it is no longer copied to another place"),
        (
            "aws:fsx/lustreFileSystem:LustreFileSystem",
            {"automaticBackupRetentionDays": 7},
            {"automaticBackupRetentionDays": 0},
            "automaticBackupRetentionDays of it: 7 → none",
        ),
        (LINK, exports("NEW", "CHANGED"), exports(), "files of it are no longer exported to its bucket: NEW, CHANGED"),
        (LINK, exports("NEW"), None, "files of it are no longer exported to its bucket: NEW"),
        (
            LINK,
            exports("NEW"),
            exports("NEW", "DELETED"),
            "files that are deleted in it are deleted in its bucket too",
        ),
        (
            "kubernetes:storage.k8s.io/v1:StorageClass",
            {"reclaimPolicy": "Retain"},
            {"reclaimPolicy": "Delete"},
            "volumes of class it are deleted with their claims",
        ),
        (
            "kubernetes:helm.sh/v3:Release",
            {"values": {"schedules": {"all": {"template": {"ttl": "720h"}}}}},
            {"values": {"schedules": {"all": {"template": {"ttl": "1h"}}}}},
            "backups of it are deleted after 1 hour, before: after 30 days",
        ),
        (
            "kubernetes:helm.sh/v3:Release",
            loki("2160h", lab="4320h", web="24h"),
            loki("720h", web="24h", own="48h"),
            (
                "logs of it are deleted after 30 days, before: after 90 days, "
                "of lab after 30 days, before: after 180 days, of own after 2 days, before: after 90 days"
            ),
        ),
        (
            "kubernetes:helm.sh/v3:Release",
            {"values": {"tempo": {"retention": "720h"}}},
            {"values": {"tempo": {"retention": "168h"}}},
            "traces of it are deleted after 7 days, before: after 30 days",
        ),
        ("aws:kms/key:Key", {}, {"isEnabled": False}, "key it is disabled"),
        ("aws:dynamodb/table:Table", {}, None, "Table it deleted"),
        ("kubernetes:storage.k8s.io/v1:StorageClass", {"reclaimPolicy": "Delete"}, None, "storage class it goes"),
        (
            "kubernetes:core/v1:PersistentVolume",
            {"spec": {"csi": {"volumeHandle": "fs"}}},
            {"spec": {"csi": {"volumeHandle": "fs", "readOnly": True}}},
            "volume it can only be read from then on: readOnly false → true",
        ),
    ],
)
def test_data_that_is_kept_for_less_time_or_in_fewer_places(type_, before, after, opening):
    assert openings(of(type_, before, after)) == [opening]


@pytest.mark.parametrize("type_", [each for rows in weaker.ROWS.values() for row in rows for each in row.types])
def test_what_is_known_after_up_is_no_danger_of_a_row(type_):
    for row in (row for rows in weaker.ROWS.values() for row in rows if type_ in row.types):
        before = {"rules": [], "versioningConfiguration": {"status": "Enabled"}, "resources": ["a"], "isEnabled": True}
        plan = plan_from(seen([*POOLS, of(type_, before, dict.fromkeys(before, UNKNOWN_TEXT)), summary()]))
        assert list(weaker.find(plan)) == [], row.says
    openings(of(type_, None, {"destinationCidrBlock": "::/0", "transitGatewayId": UNKNOWN_TEXT, "rules": UNKNOWN_TEXT}))


NESTED = {
    "kubernetes:karpenter.sh/v1:NodePool": {
        "spec": {"limits": {"nodes": "3"}, "template": {"spec": {"requirements": []}}}
    },
    "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass": {"spec": {"securityGroupSelectorTerms": [{"id": "a"}]}},
    "aws:eks/nodeGroup:NodeGroup": {"taints": [{"key": "a"}], "scalingConfig": {"minSize": 1}},
    "aws:eks/accessEntry:AccessEntry": {"kubernetesGroups": ["a"], "principalArn": "a"},
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": {"roleArn": "a", "clusterName": "c"},
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {"role": "a", "policyArn": "p"},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"policy": "{}"},
    "aws:ec2/securityGroup:SecurityGroup": {"ingress": [{"protocol": "tcp", "cidrBlocks": ["::/0"]}]},
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {"rules": [{"filter": {"prefix": "a"}}]},
}


def hidden(value):
    """Yields a value with each of its parts in turn known only after up."""
    yield UNKNOWN_TEXT
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield from ({**value, key: each} for each in hidden(inner))
    for inner in value if isinstance(value, list) else ():
        yield from ([each] for each in hidden(inner))


@pytest.mark.parametrize(("type_", "inputs"), NESTED.items())
def test_any_value_may_be_known_only_after_up(type_, inputs):
    for after in (each for each in hidden(inputs) if isinstance(each, dict)):
        for before in (None, inputs):
            openings(of(type_, before, after))


def test_a_new_lifecycle_deletes_data_of_a_bucket_that_was_there():
    rules = {"bucket": "acme-models", "rules": [{"expiration": {"days": 7}}]}
    there = step("same", BUCKET, old=state(BUCKET, id="acme-models"))
    assert openings(there, of(LIFECYCLE, None, rules)) == ["objects of it are deleted after 7 days, before: never"]
    assert openings(of(LIFECYCLE, None, rules)) == [], "a new bucket has nothing yet"


def test_what_goes_with_its_bucket_or_stays_in_aws_is_said_once():
    block = urn("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "models")
    inputs = {"bucket": "acme-models", "blockPublicAcls": True}
    gone = [
        step("delete", BUCKET, old=state(BUCKET, id="acme-models")),
        step("delete", block, old=state(block, inputs=inputs)),
    ]
    assert openings(*gone) == ["Bucket models deleted"]
    kept = [
        step("delete", each, old=state(each, id="acme-models", inputs=inputs, retainOnDelete=True))
        for each in (BUCKET, block)
    ]
    assert openings(*kept) == ["Bucket models no longer in the stack"]
    assert openings(gone[1]) == ["models no longer has blockPublicAcls"], "the bucket stays, open"
    part = step("delete", block, old=state(block, id="acme-models", inputs=inputs))
    there = step("same", BUCKET, old=state(BUCKET, id="acme-models"))
    assert openings(part, there) == ["models no longer has blockPublicAcls"], "parts of a bucket have its id"


@pytest.mark.parametrize(
    ("type_", "before", "after"),
    [
        (LIFECYCLE, {"rules": [{"expiration": {"days": 7}}]}, {"rules": [{**TEMPORARY, "expiration": {"days": 9}}]}),
        (LIFECYCLE, versions(1), versions(10)),
        (LINK, exports("NEW", "DELETED"), exports("NEW", "DELETED", "CHANGED")),
        (LINK, exports("NEW", "CHANGED", "DELETED"), exports("NEW", "CHANGED")),
        (BUCKET_TYPE, backup("daily", 1440), backup("continuous", 60)),
        ("aws:s3/bucket:Bucket", {"tags": {}}, {"tags": {"a": "b"}}),
        ("aws:s3/bucket:Bucket", None, {}),
        ("aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": 30}, {"retentionInDays": 0}),
        ("aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": 30}, {"retentionInDays": 90}),
        ("aws:backup/plan:Plan", {"name": "a"}, {"name": "b"}),
        ("aws:backup/plan:Plan", {"name": "a"}, None),
    ],
)
def test_data_that_stays(type_, before, after):
    assert openings(of(type_, before, after)) == []


def test_a_bucket_that_stays_in_aws_is_less_grave_than_one_that_is_lost():
    kept = step("delete", BUCKET, old=state(BUCKET, retainOnDelete=True))
    lost = of("aws:efs/fileSystem:FileSystem", {}, {}, "home", op="replace")
    first, second = found(kept, lost)
    assert (first.opening, first.consequence) == ("FileSystem home replaced by an empty one", "its files would be lost")
    assert second.opening == "Bucket models no longer in the stack"
    assert second.consequence.startswith("its objects and all their versions stay in AWS")


CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"


@pytest.mark.parametrize("policy", ["Retain", "Delete"])
def test_a_claim_loses_data_unless_its_volume_leaves_it_in_aws(policy):
    spec = {"metadata": {"name": "home-lab"}, "spec": {"persistentVolumeReclaimPolicy": policy}}
    volume = of("kubernetes:core/v1:PersistentVolume", spec, spec, op="replace")
    claims = [{"spec": {"volumeName": "home-lab", "accessModes": [mode]}} for mode in ("ReadOnly", "ReadWrite")]
    lost = [] if policy == "Retain" else ["PersistentVolumeClaim it replaced by an empty one, because of spec"]
    assert openings(volume, of(CLAIM, *claims, op="replace")) == lost
    assert len(openings(volume, of(CLAIM, {"spec": {}}, None))) == 1, "a volume that Kubernetes made goes with it"


def test_pods_that_lose_a_file_system_which_stays_are_told():
    files = "aws:efs/fileSystem:FileSystem"
    volume = {
        "metadata": {"name": "home-lab"},
        "spec": {"persistentVolumeReclaimPolicy": "Retain", "csi": {"volumeHandle": "fs-1::fsap-1"}},
    }
    claim = {"metadata": {"name": "home", "namespace": "lab"}, "spec": {"volumeName": "home-lab"}}
    gone = [of("kubernetes:core/v1:PersistentVolume", volume, None, "home-lab"), of(CLAIM, claim, None, "home-lab")]
    stays, goes = (step(op, urn(files, "home"), old=state(urn(files, "home"), id="fs-1")) for op in ("same", "delete"))
    (danger,) = found(stays, *gone)
    assert (danger.opening, danger.kind, danger.severity) == ("pods of lab lose home", "access", SERIOUS)
    assert openings(goes, *gone) == ["FileSystem home deleted"], "it says more"
    own = urn("mlplatform:cluster:Cluster$pulumi:providers:kubernetes", "main-kubernetes")
    provider = step("delete", own, CLUSTER)
    with_it = [
        step("delete", urn(kind, "home-lab"), old=state(urn(kind, "home-lab"), inputs=inputs, provider=f"{own}::1"))
        for kind, inputs in (("kubernetes:core/v1:PersistentVolume", volume), (CLAIM, claim))
    ]
    assert openings(stays, *with_it, provider, step("delete", EKS, CLUSTER)) == ["Cluster main deleted"]
    second = urn("mlplatform:cluster:Cluster", "second")
    eks = urn("mlplatform:cluster:Cluster$aws:eks/cluster:Cluster", "second-eks")
    both = openings(step("same", EKS, CLUSTER), stays, *gone, step("delete", second), step("delete", eks, second))
    assert "pods of lab lose home" in both, "its own cluster stays"


def test_a_namespace_that_stays_in_its_cluster_stops_nothing():
    lab = urn("kubernetes:core/v1:Namespace", "lab")
    assert openings(step("delete", lab, old=state(lab, retainOnDelete=True))) == []
    assert openings(step("delete", lab)) == ["Namespace lab deleted"]


# Access


def endpoint(public, ranges):
    return {"vpcConfig": {"endpointPublicAccess": public, **({"publicAccessCidrs": ranges} if ranges else {})}}


def test_an_opened_endpoint_says_to_whom_and_how_many_addresses():
    (danger,) = found(of("aws:eks/cluster:Cluster", endpoint(False, []), endpoint(True, ["203.0.113.0/24"])))
    assert danger.opening == "Kubernetes API of it opened to 203.0.113.0/24"
    assert danger.at_stake == "vpcConfig.endpointPublicAccess: false → true; 256 addresses more"


PORT = {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


def test_a_range_counts_by_whose_it_is_and_not_by_its_size():
    same_size = endpoint(True, ["203.0.113.0/24"]), endpoint(True, ["203.0.113.0/25", "198.51.100.0/25"])
    (danger, closed) = found(of("aws:eks/cluster:Cluster", *same_size))
    assert (danger.opening, danger.at_stake) == (
        "Kubernetes API of it opened to 198.51.100.0/25",
        "128 addresses more",
    )
    assert closed.opening == "203.0.113.0/24 loses the API of cluster it: 128 of 256 addresses"
    stranger = {"cidrIpv4": "10.0.0.0/8"}, {"cidrIpv4": "198.51.100.0/24"}
    assert openings(of(RULE, *stranger)) == ["it lets in 198.51.100.0/24"]
    groups = [{"ingress": [each]} for each in ({"ipv6CidrBlocks": ["2001:db8::/32"]}, {"cidrBlocks": ["0.0.0.0/0"]})]
    assert openings(of("aws:ec2/securityGroup:SecurityGroup", *groups)) == ["it lets in 0.0.0.0/0"]
    halves = {"ingress": [{"cidrBlocks": ["10.0.0.0/9", "10.128.0.0/9"]}]}
    assert (
        openings(of("aws:ec2/securityGroup:SecurityGroup", halves, {"ingress": [{"cidrBlocks": ["10.0.0.0/8"]}]})) == []
    )


def test_more_ports_for_the_same_range_let_it_in_anew():
    one, all_ports = {"cidrIpv4": "10.0.0.0/8", **PORT}, {"cidrIpv4": "10.0.0.0/8", "ipProtocol": "-1"}
    assert openings(of(RULE, one, all_ports)) == ["it lets in 10.0.0.0/8"]
    assert openings(of(RULE, all_ports, one)) == []
    assert openings(of(RULE, None, {"prefixListId": "pl-1", **PORT})) == ["it lets in pl-1"]


def api_rule(cidr, before=True, after=True, **more):
    """Returns the step of a rule that lets a range into the API of cluster main."""
    inputs = {"securityGroupId": "sg-api", "cidrIpv4": cidr, **PORT, **more}
    return of(RULE, inputs if before else None, inputs if after else None, cidr, CLUSTER, "same")


def test_the_rules_of_one_group_count_together_and_who_loses_the_api_is_told():
    eks = step("same", EKS, CLUSTER, inputs=endpoint(True, ["203.0.113.0/24"]))
    narrower = [api_rule("10.200.8.10/32", before=False), api_rule("10.200.8.0/24", after=False)]
    (danger,) = found(eks, *narrower)
    assert danger.opening == "10.200.8.0/24 loses the API of cluster main: 255 of 256 addresses"
    assert (danger.severity, bool(danger.gently)) == (SERIOUS, True)
    wider = [api_rule("10.200.8.10/32", after=False), api_rule("10.200.8.0/24", before=False)]
    assert openings(eks, *wider) == ["10.200.8.0/24 lets in 10.200.8.0/24"]
    halves = [api_rule(f"10.200.8.{start}/25", before=False) for start in (0, 128)]
    assert openings(eks, api_rule("10.200.8.0/24", after=False), *halves) == [], "the same addresses"
    other = [api_rule("10.200.8.0/24"), api_rule("10.200.8.1/32", before=False, securityGroupId="sg-other")]
    assert openings(eks, *other) == ["10.200.8.1/32 lets in 10.200.8.1/32"], "another group protects something else"
    ssh = [{**PORT, "fromPort": 22, "toPort": 22}] * 2
    assert openings(eks, api_rule("10.0.0.0/8", after=False, **ssh[0])) == [], "no way in to the API"
    member = api_rule(None, after=False, referencedSecurityGroupId="sg-ci")
    assert openings(eks, member) == ["sg-ci loses the API of cluster main"]
    new = [api_rule(None, before=False, referencedSecurityGroupId=each) for each in ("sg-ci", UNKNOWN_TEXT)]
    assert openings(eks, new[0]) == ["members of sg-ci reach the API of cluster main"]
    assert openings(eks, new[1]) == [], "a group of this stack"
    swapped = of(RULE, *[{**PORT, "referencedSecurityGroupId": each} for each in ("sg-a", "sg-b")], "it", CLUSTER)
    assert openings(eks, swapped) == [
        "members of sg-b reach the API of cluster main",
        "sg-a loses the API of cluster main",
    ]
    other_port = api_rule(None, before=False, referencedSecurityGroupId="sg-ci", fromPort=22, toPort=22)
    assert openings(eks, other_port) == [], "no way in to the API"


@pytest.mark.parametrize(
    ("before", "after", "loses"),
    [
        ((True, ["203.0.113.0/24"]), (True, ["203.0.113.0/25"]), "203.0.113.0/24 loses {}: 128 of 256 addresses"),
        ((True, ["203.0.113.0/24"]), (False, []), "203.0.113.0/24 loses {}: 256 of 256 addresses"),
        (
            (True, ["192.0.2.0/31", "203.0.113.0/24"]),
            (True, ["198.51.100.0/24"]),
            "192.0.2.0/31, 203.0.113.0/24 lose {}: 258 of 258 addresses",
        ),
    ],
)
def test_public_ranges_that_leave_lose_the_api(before, after, loses):
    changed = of("aws:eks/cluster:Cluster", endpoint(*before), endpoint(*after), "main-eks", CLUSTER)
    assert openings(changed)[-1] == loses.format("the API of cluster main")
    gone = of("aws:eks/cluster:Cluster", endpoint(*before), endpoint(*after), "main-eks", CLUSTER, "replace")
    assert not [each for each in openings(gone) if "lose" in each], "the cluster goes, which says more"


def doc(**statement):
    return {
        "policy": json.dumps(
            {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", **statement}]}
        )
    }


def test_a_route_to_another_network_lets_it_in_and_a_role_of_nodes_is_no_person():
    table = step(
        "same", urn("aws:ec2/routeTable:RouteTable", "t"), old=state(urn("aws:ec2/routeTable:RouteTable", "t"), id="rt")
    )
    route = {"routeTableId": "rt", "transitGatewayId": "tgw", "destinationCidrBlock": "10.0.0.0/9"}
    kind = "aws:ec2/route:Route"
    assert openings(table, of(kind, None, route)) == ["routes to the network 10.0.0.0/9: it"]
    narrower, six = {**route, "destinationCidrBlock": "10.1.0.0/16"}, {**route, "destinationIpv6CidrBlock": "fd00::/8"}
    moved = of(kind, route, None, "old"), of(kind, None, narrower, "new")
    assert openings(table, *moved, kind="access") == [], "it was reached before"
    assert openings(table, of(kind, route, narrower, op="replace"), kind="access") == []
    assert openings(table, of(kind, narrower, route, op="replace"), kind="access") == [
        "routes to the network 10.0.0.0/9: it"
    ]
    del six["destinationCidrBlock"]
    assert openings(table, of(kind, None, six)) == ["routes to the network fd00::/8: it"]
    (danger,) = found(of("aws:eks/accessEntry:AccessEntry", {"principalArn": "a", "type": "EC2_LINUX"}, None))
    assert "nodes with this role cannot join" in danger.consequence


def grants(*principals, **more):
    statements = [{"Effect": "Allow", "Principal": each, "Action": "s3:GetObject", **more} for each in principals]
    return {"policy": json.dumps({"Statement": statements})}


ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
SUBJECTS = [{"subjects": [{"kind": "User", "name": name}], "roleRef": {"name": "admin"}} for name in ("ann", "joe")]


@pytest.mark.parametrize(
    ("type_", "before", "after", "opening"),
    [
        (
            "aws:eks/cluster:Cluster",
            endpoint(True, ["203.0.113.0/24"]),
            endpoint(True, []),
            "Kubernetes API of it opened to 0.0.0.0/0",
        ),
        (
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            {"cidrIpv4": "10.0.0.0/16"},
            {"cidrIpv4": "10.0.0.0/8"},
            "it lets in 10.0.0.0/8",
        ),
        (
            "aws:ec2/securityGroup:SecurityGroup",
            {},
            {"ingress": [{"cidrBlocks": ["0.0.0.0/0"]}]},
            "it lets in 0.0.0.0/0",
        ),
        (
            "aws:s3/bucketPolicy:BucketPolicy",
            grants({"AWS": "arn:aws:iam::1:root"}),
            grants({"AWS": ["arn:aws:iam::1:root", "arn:aws:iam::2:root"]}),
            "arn:aws:iam::2:root may read in Bucket it",
        ),
        ("aws:s3/bucketPolicy:BucketPolicy", None, grants("*"), "everybody may read in Bucket it"),
        (
            "aws:iam/role:Role",
            {"assumeRolePolicy": grants({"Service": "ec2.amazonaws.com"})["policy"]},
            {"assumeRolePolicy": grants({"AWS": "arn:aws:iam::2:root"}, Action="sts:AssumeRole")["policy"]},
            "arn:aws:iam::2:root may take role it",
        ),
        (
            "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
            None,
            {"policyArn": ADMIN, "principalArn": "arn:aws:iam::1:role/ci"},
            "arn:aws:iam::1:role/ci gets AmazonEKSClusterAdminPolicy in the whole cluster",
        ),
        ("aws:eks/accessEntry:AccessEntry", {"principalArn": "a"}, None, "rights in the cluster are taken from a"),
        ("kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding", *SUBJECTS, "joe gets admin"),
        (
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
            {"blockPublicAcls": True},
            {"blockPublicAcls": False},
            "it no longer has blockPublicAcls",
        ),
    ],
)
def test_access_that_is_widened_or_lost(type_, before, after, opening):
    assert openings(of(type_, before, after)) == [opening]


@pytest.mark.parametrize(
    ("type_", "before", "after"),
    [
        ("aws:eks/cluster:Cluster", endpoint(True, ["203.0.113.0/24"]), endpoint(True, ["203.0.113.0/24"])),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", None, {"referencedSecurityGroupId": "sg-1"}),
        ("aws:ec2/securityGroupRule:SecurityGroupRule", None, {"type": "egress", "cidrBlocks": ["0.0.0.0/0"]}),
        ("aws:s3/bucketPolicy:BucketPolicy", grants({"AWS": "a"}), {"policy": '{"Statement": []}'}),
        ("kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding", SUBJECTS[0], SUBJECTS[0]),
    ],
)
def test_access_that_is_narrowed_or_new_with_its_own_users(type_, before, after):
    assert openings(of(type_, before, after)) == []


ROLE, ROLE_POLICY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"
BUCKET_POLICY, IDENTITY = "aws:s3/bucketPolicy:BucketPolicy", "aws:eks/podIdentityAssociation:PodIdentityAssociation"
FOREIGN = {"AWS": "arn:aws:iam::999999999999:root"}
OWN = of("aws:kms/alias:Alias", *[{"key": "arn:aws:kms:us-west-2:123456789012:key/k"}] * 2, "own", op="same")
ORG = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
TLS = {"Bool": {"aws:SecureTransport": "true"}}
VIA = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Condition": {"StringNotEquals": {"aws:SourceVpce": "v"}}}


@pytest.mark.parametrize(
    ("type_", "before", "after", "says"),
    [
        (ROLE_POLICY, doc(Resource="arn:aws:s3:::a/*"), doc(Action="*"), "who has it may do everything everywhere"),
        (
            ROLE_POLICY,
            doc(),
            doc(Action="ecr:GetAuthorizationToken", Resource="*"),
            "who has it may log in to registries everywhere",
        ),
        ("aws:iam/policy:Policy", doc(), doc(Action="iam:*"), "who has it may do everything of iam everywhere"),
        (
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            None,
            {"role": "x", "policyArn": "arn:aws:iam::aws:policy/PowerUserAccess"},
            "who has it may do what PowerUserAccess allows",
        ),
        (
            IDENTITY,
            {"namespace": "a", "serviceAccount": "b", "roleArn": "arn:aws:iam::123456789012:role/view"},
            {"namespace": "a", "serviceAccount": "b", "roleArn": "arn:aws:iam::123456789012:role/admin"},
            "pods of a/b may take role admin",
        ),
        (
            "aws:kms/grant:Grant",
            None,
            {"granteePrincipal": FOREIGN["AWS"], "operations": ["Decrypt"]},
            "arn:aws:iam::999999999999:root may decrypt in Grant it",
        ),
        (BUCKET_POLICY, None, doc(Principal=FOREIGN), "arn:aws:iam::999999999999:root may read in Bucket it"),
        (BUCKET_POLICY, None, doc(Principal="*", Condition=TLS), "everybody may read in Bucket it"),
        (
            BUCKET_POLICY,
            doc(Principal=FOREIGN),
            doc(Principal=FOREIGN, Action=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]),
            "arn:aws:iam::999999999999:root may write, delete in Bucket it",
        ),
        (BUCKET_POLICY, doc(Principal="*", Condition=ORG), doc(Principal="*"), "everybody may read in Bucket it"),
        (
            BUCKET_POLICY,
            doc(Principal="*", Condition=ORG),
            doc(Principal="*", Condition=TLS),
            "everybody may read in Bucket it",
        ),
        (
            "aws:kms/key:Key",
            doc(Principal="*", Condition={"ArnLike": {"aws:PrincipalArn": ["a"]}}),
            doc(Principal="*", Condition={"ArnLike": {"aws:PrincipalArn": ["a", "b"]}}),
            "everybody with aws:PrincipalArn b may read in Key it",
        ),
        (BUCKET_POLICY, doc(**VIA), {"policy": UNKNOWN_TEXT}, "rights in BucketPolicy it change"),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", doc(Principal="*"), {}, "everybody may do everything in VpcEndpoint it"),
        (BUCKET_POLICY, doc(**VIA), {"policy": "{}"}, "BucketPolicy it no longer denies s3:* to everybody"),
        (BUCKET_POLICY, doc(**VIA), None, "BucketPolicy it no longer denies s3:* to everybody"),
        (ROLE_POLICY, doc(), {"policy": UNKNOWN_TEXT}, "rights in RolePolicy it change"),
        (
            "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole",
            {"rules": [{"verbs": ["get"], "resources": ["pods"]}]},
            {"rules": [{"verbs": ["*"], "resources": ["*"]}]},
            "who has it may do everything in ClusterRole it",
        ),
    ],
)
def test_a_grant_that_none_before_covers_is_one_wherever_it_is_written(type_, before, after, says):
    assert openings(OWN, of(type_, before, after)) == [says]


@pytest.mark.parametrize(
    ("type_", "before", "after"),
    [
        (ROLE_POLICY, doc(Action="s3:*"), doc(Action=["s3:GetObject", "s3:Put*"], Resource="arn:aws:s3:::a")),
        (ROLE_POLICY, doc(), doc(Condition=TLS)),
        (BUCKET_POLICY, doc(**VIA), doc(**{**VIA, "Action": "*"})),
        (BUCKET_POLICY, None, doc(Principal="*", Condition=ORG)),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", None, {}),
        (BUCKET_POLICY, None, doc(Principal={"Service": "logging.s3.amazonaws.com"})),
        (BUCKET_POLICY, None, doc(Principal={"AWS": "arn:aws:iam::123456789012:root"}, Action="kms:*")),
    ],
)
def test_a_grant_that_another_covers_is_none(type_, before, after):
    assert openings(OWN, of(type_, before, after)) == []


def role_of(name, op="same"):
    """Returns the steps of a role that pods of a namespace get, whose name is known only when it is up."""
    parent = urn("mlplatform:storage:StorageIdentity", name)
    known = op == "same"
    role = {"name": name, "assumeRolePolicy": doc(Principal={"Service": "pods.eks.amazonaws.com"})["policy"]}
    pods = {"namespace": name, "serviceAccount": "default", "roleArn": f"arn:aws:iam::1:role/{name}"}
    unknown = {} if known else {"roleArn": UNKNOWN_TEXT}
    return parent, [
        step(op, urn(ROLE, name), parent, inputs=role),
        step(op, urn(IDENTITY, name), parent, inputs={**pods, **unknown}),
    ]


def test_rights_of_a_role_are_those_of_the_pods_that_get_it():
    bucket = step("same", BUCKET, inputs={"bucket": "acme-models"})
    to_write = doc(Action=["s3:PutObject", "s3:GetObject"], Resource="arn:aws:s3:::acme-models/*")
    parent, steps = role_of("intern", "create")
    steps += [of(ROLE_POLICY, None, {"role": UNKNOWN_TEXT, **to_write}, "intern-buckets", parent)]
    (danger,) = found(bucket, *steps)
    assert danger.opening == "pods of intern/default may read, write in bucket models"
    assert "s3:PutObject" in danger.at_stake
    parent, steps = role_of("lab")
    to_read = doc(Resource="arn:aws:s3:::acme-models/*")
    steps += [of(ROLE_POLICY, {"role": "lab", **to_read}, {"role": "lab", **to_write}, "lab-buckets", parent)]
    assert openings(bucket, *steps) == ["pods of lab/default may write in bucket models"]


def test_pods_that_stay_and_may_do_less_are_told_in_one_line():
    bucket = step("same", BUCKET, inputs={"bucket": "acme-models"})
    may = [
        doc(Action=each, Resource="arn:aws:s3:::acme-models/*")
        for each in (["s3:PutObject", "s3:Get*", "s3:List*"], "s3:Get*")
    ]
    parent, steps = role_of("trainer")

    def changed(before, after):
        inputs = [{"role": "trainer", **each} for each in (before, after)]
        return of(ROLE_POLICY, *inputs, "trainer-buckets", parent)

    assert openings(bucket, *steps, changed(*may)) == ["pods of trainer/default may no longer write in bucket models"]
    wider = doc(Action="s3:*", Resource="arn:aws:s3:::acme-models/*")
    assert openings(bucket, *steps, changed(may[0], wider), kind="access")[0].startswith(
        "pods of trainer/default may do"
    )
    assert len(openings(bucket, *steps, changed(may[0], wider))) == 1
    for_spot = doc(Action="iam:CreateServiceLinkedRole", Resource="arn:aws:iam::1:role/aws-service-role/spot")
    assert openings(*steps, changed(for_spot, {"policy": "{}"})) == [], "the role stays once it is there"
    deleted = step("delete", BUCKET, old=state(BUCKET, id="acme-models", inputs={"bucket": "acme-models"}))
    assert openings(deleted, *steps, changed(*may)) == ["Bucket models deleted"], "nobody can write there"
    named = [
        of("kubernetes:core/v1:Namespace", *[{"metadata": {"name": each}}] * 2, op="same") for each in ("trainer", "x")
    ]
    _, role = role_of("trainer", "delete")
    role[1] = of(
        IDENTITY, {"namespace": "trainer", "serviceAccount": "default", "roleArn": "r/trainer"}, None, "trainer"
    )
    role[0] = of(ROLE, {"name": "trainer"}, None, "trainer", parent)
    role += [of(ROLE_POLICY, {"role": "trainer", **may[1]}, None, "trainer-buckets", parent)]
    assert openings(bucket, *role, named[0]) == ["pods of trainer/default may no longer read in bucket models"]
    assert openings(bucket, *role, named[1]) == [], "nobody says that its namespace stays"
    left = of("kubernetes:core/v1:Namespace", {"metadata": {"name": "trainer"}}, None, retainOnDelete=True)
    assert openings(bucket, *role, left) == ["pods of trainer/default may no longer read in bucket models"]
    add_on = urn("mlplatform:addons:AddOn", "dns")
    of_add_on = [{"role": "trainer", **each} for each in may]
    (danger,) = found(bucket, step("same", add_on), *steps, of(ROLE_POLICY, *of_add_on, "trainer-buckets", add_on))
    assert danger.consequence == "what needs it of the add-on fails", "it has no jobs"
    unknown = changed(may[0], {"policy": UNKNOWN_TEXT})
    assert openings(bucket, *steps, unknown) == ["rights in RolePolicy trainer-buckets change"]


def test_a_condition_on_more_values_is_a_new_grant_and_one_that_is_gone_is_graver():
    two, one = ({"StringEquals": {"kms:ViaService": each}} for each in (["s3", "ebs"], ["s3"]))
    severities = [
        found(of(ROLE_POLICY, doc(Condition=one), after))[0].severity for after in (doc(Condition=two), doc())
    ]
    assert severities == [SERIOUS, GRAVE]


@pytest.mark.parametrize(
    ("type_", "before", "after"),
    [
        (LIFECYCLE, {"rules": []}, {"rules": [{"expiration": {"days": 7}}]}),
        ("aws:backup/vault:Vault", {}, {"forceDestroy": True}),
        ("aws:s3/bucketPolicy:BucketPolicy", doc(**VIA), {"policy": "{}"}),
    ],
)
def test_what_would_stay_in_aws_can_be_weakened_all_the_same(type_, before, after):
    it = urn(type_, "it")
    changed = step("update", it, old=state(it, inputs=before, retainOnDelete=True), inputs=after)
    assert len(openings(changed)) == 1


def test_the_same_policy_of_a_bucket_with_another_name_denies_and_allows_the_same():
    def named(bucket, *actions, known=True):
        arn = f"arn:aws:s3:::{bucket}"
        deny = {**VIA, "Action": list(actions), "Resource": [arn, f"{arn}/*"]}
        allow = {"Effect": "Allow", "Principal": FOREIGN, "Action": "s3:GetObject", "Resource": f"{arn}/*"}
        return {"bucket": bucket if known else UNKNOWN_TEXT, "policy": json.dumps({"Statement": [deny, allow]})}

    def access(*steps):
        return openings(OWN, *steps, kind="access")

    renamed = of("aws:s3/bucket:Bucket", {"bucket": "acme-a"}, {"bucket": "acme-b"}, "models", op="replace")
    both, same = ("s3:GetObject", "s3:PutObject"), named("acme-a", "s3:GetObject", "s3:PutObject")
    for known in (True, False):
        assert access(renamed, of(BUCKET_POLICY, same, named("acme-b", *both, known=known), op="replace")) == []
        less = named("acme-b", "s3:GetObject", known=known)
        assert access(renamed, of(BUCKET_POLICY, same, less, op="replace")) == [
            "BucketPolicy it no longer denies s3:PutObject to everybody"
        ]
    lifted = {**named("acme-b", *both), "bucket": "acme-a"}
    assert "BucketPolicy it no longer denies s3:GetObject, s3:PutObject to everybody" in access(
        of(BUCKET_POLICY, same, lifted)
    ), "the bucket keeps its name, and its policy is about another one"
    role = [doc(Resource=f"arn:aws:s3:::acme-{each}/*") for each in "ab"]
    assert access(renamed, of(ROLE_POLICY, *role)) == []


def test_a_deny_that_goes_with_its_bucket_is_none():
    bucket = step("delete", BUCKET, old=state(BUCKET, id="acme-models"))
    assert len(found(bucket, of(BUCKET_POLICY, {"bucket": "acme-models", **doc(**VIA)}, None), kind="access")) == 0


def policy(name, *namespaces):
    scope = {"type": "namespace", "namespaces": list(namespaces)} if namespaces else {"type": "cluster"}
    arn = f"arn:aws:eks::aws:cluster-access-policy/AmazonEKS{name}Policy"
    return {"policyArn": arn, "accessScope": scope, "principalArn": "ann"}


@pytest.mark.parametrize(
    ("before", "after", "wider", "loses"),
    [
        (policy("Edit", "a"), policy("Admin", "a"), "AmazonEKSAdminPolicy in a", ""),
        (policy("View", "a"), policy("ClusterAdmin"), "AmazonEKSClusterAdminPolicy in the whole cluster", ""),
        (policy("View", "a"), policy("View"), "AmazonEKSViewPolicy in the whole cluster", ""),
        (
            policy("Admin", "a"),
            policy("View", "b"),
            "AmazonEKSViewPolicy in b",
            "what AmazonEKSViewPolicy does not allow and everything in a",
        ),
        (
            policy("View", "a"),
            policy("Other", "a"),
            "AmazonEKSOtherPolicy in a",
            "what AmazonEKSOtherPolicy does not allow",
        ),
        (
            policy("Admin", "a", "b"),
            policy("Edit", "a"),
            "",
            "what AmazonEKSEditPolicy does not allow and everything in b",
        ),
        (policy("View"), policy("View", "a"), "", "everything outside of a"),
        (policy("ClusterAdmin"), policy("View"), "", "what AmazonEKSViewPolicy does not allow"),
        (policy("ClusterAdmin"), policy("AdminView"), "", "what AmazonEKSAdminViewPolicy does not allow"),
        (policy("AdminView"), policy("View"), "", "what AmazonEKSViewPolicy does not allow"),
        (
            policy("Edit"),
            policy("AdminView"),
            "AmazonEKSAdminViewPolicy in the whole cluster",
            "what AmazonEKSAdminViewPolicy does not allow",
        ),
    ],
)
def test_an_access_policy_that_eks_replaces_says_what_widens_and_what_is_lost(before, after, wider, loses):
    type_ = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
    each = found(of(type_, before, after, op="replace"))
    (taken,) = (danger for danger in each if danger.opening.startswith("rights in the cluster are taken from ann"))
    assert taken.consequence == (f"it loses {loses}" if loses else "until they are given again")
    assert bool(loses) == ("Policy" in taken.opening), "it says which policy it had and which one it has"
    assert [danger.opening for danger in each if danger != taken] == ([f"ann gets {wider}"] if wider else [])


def test_other_ways_to_more_rights_in_a_cluster():
    binding = [{**each, "subjects": SUBJECTS[0]["subjects"]} for each in SUBJECTS]
    binding[1]["roleRef"] = {"name": "cluster-admin"}
    type_ = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding"
    assert openings(of(type_, *binding, op="replace")) == ["ann gets cluster-admin"], "another role replaces a binding"
    groups = [{"principalArn": "ann", "kubernetesGroups": each} for each in (["a"], ["a", "b"])]
    assert openings(of("aws:eks/accessEntry:AccessEntry", *groups)) == ["ann joins b"]
    assert openings(of("aws:eks/accessEntry:AccessEntry", *reversed(groups))) == ["ann leaves b"]


def test_a_new_cluster_tells_of_those_who_have_no_cluster_yet():
    second = urn("mlplatform:cluster:Cluster", "second")
    eks = urn("mlplatform:cluster:Cluster$aws:eks/cluster:Cluster", "second-eks")
    kind = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
    deployer, eve = ({"policyArn": ADMIN, "principalArn": who} for who in ("deployer", "eve"))
    there = step("same", EKS, CLUSTER), of(kind, deployer, deployer, "main-deployer", CLUSTER, "same")
    new = [step("create", second), step("create", eks, second), of(kind, None, deployer, "second-deployer", second)]
    assert openings(*there, *new) == []
    assert openings(*there, *new, of(kind, None, eve, "eve", second)) == [
        "eve gets AmazonEKSClusterAdminPolicy in the whole cluster"
    ]
    trust = doc(Action="sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"})["policy"]
    role = of(ROLE, None, {"name": "second-nodes", "assumeRolePolicy": trust}, "second-nodes", second)

    def may(**statement):
        policy = {"role": "second-nodes", **doc(**statement)}
        return openings(OWN, *there, *new, role, of(ROLE_POLICY, None, policy, "second-nodes-ec2", second))

    assert may(Action="ec2:DescribeInstances") == [], "a new cluster brings its own roles"
    assert may(Resource="arn:aws:s3:::acme-models/*") == [
        "ec2.amazonaws.com with role second-nodes may read in bucket acme-models"
    ]
    assert may(Action="iam:PassRole") == ["ec2.amazonaws.com with role second-nodes may iam:PassRole everywhere"]


# Money


def test_more_gpus_say_the_money_before_and_after_and_the_quota():
    grown = {"scalingConfig": {"minSize": 0, "maxSize": 4}}
    (danger,) = found(group("a", {}, grown))
    assert danger.opening.startswith("+8 GPUs, most +40,1")
    assert danger.at_stake == "quota needed: Running On-Demand P instances: 576 → 768 vCPUs"
    assert danger.consequence == "it comes from main-h100"


def test_money_of_a_part_of_a_change_is_not_told():
    error = json.dumps({"diagnosticEvent": {"severity": "error", "urn": MANAGED, "message": "boom"}})
    grown = group("a", {}, {"scalingConfig": {"minSize": 0, "maxSize": 4}})
    assert openings(grown, error, kind="money") == []


def test_fewer_nodes_at_most_end_jobs_and_a_few_dollars_are_no_danger():
    fewer = group("a", {"scalingConfig": {"minSize": 1, "maxSize": 4}}, {})
    assert openings(fewer) == ["most nodes of main-h100-a: 4 → 3"]
    assert openings(of("aws:kms/key:Key", None, {}), group("a", {}, {}, op="same")) == [], "a dollar a month"


def test_a_higher_minimum_costs_also_when_the_maximum_stays():
    (opening,) = openings(group("a", {}, {"scalingConfig": {"minSize": 1, "maxSize": 3}}))
    assert opening.startswith("least +40,1"), opening


# Protection


def test_protection_that_is_lifted_names_data_first():
    role = urn("aws:iam/role:Role", "admin")
    steps = [step("same", each, old=state(each, protect=True)) for each in (role, BUCKET)]
    (danger,) = found(*steps)
    assert danger.opening == "protection is lifted from models, admin"
    assert danger.at_stake == "2 resources, 1 of them with data"


def test_a_lock_of_objects_that_stays_in_aws_is_told_and_one_that_goes_with_its_bucket_is_not():
    lock = urn("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", "models")
    gone = step("delete", lock, old=state(lock, inputs={"bucket": "acme-models"}, retainOnDelete=True))
    stays, goes = (step(op, BUCKET, old=state(BUCKET, id="acme-models")) for op in ("same", "delete"))
    assert openings(stays, gone) == ["the lock of objects in models stays in AWS, and is no longer in the stack"]
    assert openings(goes, gone) == ["Bucket models deleted"]


LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"


@pytest.mark.parametrize(
    ("type_", "before", "after", "opening"),
    [
        (
            "aws:eks/cluster:Cluster",
            {"deletionProtection": True, **endpoint(False, [])},
            {"deletionProtection": False, **endpoint(False, [])},
            "deletionProtection of it: true → false",
        ),
        ("aws:s3/bucket:Bucket", {}, {"forceDestroy": True}, "forceDestroy of it: false → true"),
        ("aws:backup/vault:Vault", {}, {"forceDestroy": True}, "forceDestroy of it: false → true"),
        (
            "aws:eks/cluster:Cluster",
            {"enabledClusterLogTypes": ["api", "audit"], **endpoint(False, [])},
            {"enabledClusterLogTypes": ["api"], **endpoint(False, [])},
            "cluster it no longer writes logs of audit",
        ),
        ("aws:ec2/flowLog:FlowLog", {}, None, "traffic is no longer recorded by it"),
        (ROLE, {"permissionsBoundary": "b"}, {}, "permissionsBoundary of it: no longer b"),
        (ROLE, {"permissionsBoundary": "b"}, {"permissionsBoundary": "c"}, "permissionsBoundary of it: b → c"),
        (ROLE, {"path": "/"}, {"path": "/", "permissionsBoundary": "b"}, "permissionsBoundary of it: b"),
        (LOCK, {"minRetentionDays": 30}, {"minRetentionDays": 7}, "minRetentionDays of it: 30 → 7"),
        (LOCK, {"minRetentionDays": 30}, None, "minRetentionDays of it: 30 → none"),
        (
            "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy",
            {},
            None,
            "the API server's rule it goes",
        ),
    ],
)
def test_other_protection_that_is_lifted(type_, before, after, opening):
    assert openings(of(type_, before, after)) == [opening]


GUARD = "kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy"


def injected(value):
    return {"metadata": {"annotations": {"linkerd.io/inject": value} if value else {}}}


def pinned(level, version):
    return {"metadata": {"labels": {weaker.ENFORCE: level, f"{weaker.ENFORCE}-version": version}}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"metadata": {"labels": {}}}, pinned("restricted", "v1.35")),
        (pinned("baseline", "v1.35"), pinned("restricted", "v1.36")),
        ({"metadata": {"labels": {}}}, {"metadata": {"labels": UNKNOWN_TEXT}}),
        (injected("enabled"), {"metadata": {"annotations": UNKNOWN_TEXT}}),
    ],
)
def test_a_namespace_that_gets_stricter_or_is_not_known_yet_is_no_danger(before, after):
    assert openings(of("kubernetes:core/v1:Namespace", before, after)) == []


LEAVE = "pods of it leave the mesh with their next start"


def kept_out(namespace):
    labels = {"config.linkerd.io/admission-webhooks": "disabled"}
    return {"metadata": {**namespace["metadata"], "labels": labels}}


def inbound(policy):
    return {"values": {"proxy": {"defaultInboundPolicy": policy}}}


def tracing(collector):
    return {"values": {"proxy": {"tracing": {"collector": {"endpoint": collector}}} if collector else {}}}


@pytest.mark.parametrize(
    ("before", "after", "openings_"),
    [
        (None, "agents:4319", []),
        ("agents:4319", "agents:4319", []),
        ("agents:4319", None, ["where proxies of the mesh send their spans, by it: agents:4319 → nowhere"]),
        ("agents:4319", "own:4317", ["where proxies of the mesh send their spans, by it: agents:4319 → own:4317"]),
    ],
)
def test_who_takes_spans_of_proxies_elsewhere_is_told_to_start_pods_again(before, after, openings_):
    assert openings(of("kubernetes:helm.sh/v3:Release", tracing(before), tracing(after))) == openings_


def enforcing(level):
    return {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": level} if level else {}}}


@pytest.mark.parametrize(
    ("type_", "before", "after", "opening"),
    [
        (
            "kubernetes:core/v1:Namespace",
            enforcing("restricted"),
            enforcing("privileged"),
            "Pod Security of namespace it: restricted → privileged",
        ),
        ("kubernetes:core/v1:Namespace", injected("enabled"), injected(None), LEAVE),
        ("kubernetes:core/v1:Namespace", injected("ingress"), injected("disabled"), LEAVE),
        ("kubernetes:core/v1:Namespace", injected("enabled"), kept_out(injected("enabled")), LEAVE),
        (
            "kubernetes:core/v1:Namespace",
            pinned("restricted", "v1.35"),
            pinned("restricted", "v1.0"),
            "Pod Security of namespace it is that of an older Kubernetes: v1.35 → v1.0",
        ),
        (
            "kubernetes:helm.sh/v3:Release",
            inbound("cluster-authenticated"),
            inbound("all-authenticated"),
            "what meshed pods take without a policy, by it: cluster-authenticated → all-authenticated",
        ),
        (
            "kubernetes:helm.sh/v3:Release",
            inbound("deny"),
            inbound("audit"),
            "what meshed pods take without a policy, by it: deny → audit",
        ),
        (
            "kubernetes:helm.sh/v3:Release",
            {"values": {"webhookFailurePolicy": "Fail"}},
            {"values": {"webhookFailurePolicy": "Ignore"}},
            "values.webhookFailurePolicy of it: Fail → Ignore",
        ),
        (
            "kubernetes:core/v1:Namespace",
            enforcing("baseline"),
            enforcing(""),
            "Pod Security of namespace it: baseline → privileged",
        ),
        (
            GUARD,
            {"spec": {"validations": [{"expression": "a != 'gp2'"}]}},
            {"spec": {"validations": [{"expression": "true"}]}},
            "the API server's rule it no longer checks a != 'gp2'",
        ),
        (
            GUARD,
            {"spec": {"matchConstraints": {"resourceRules": [{"operations": ["CREATE"]}]}}},
            {"spec": {"matchConstraints": {"resourceRules": [{"operations": ["CONNECT"]}]}}},
            "the API server's rule it is asked about other objects: spec.matchConstraints",
        ),
        (
            f"{GUARD}Binding",
            {"spec": {"policyName": "a"}},
            {"spec": {"policyName": "a", "matchResources": {"namespaceSelector": {}}}},
            "the API server's rule it is asked about other objects: spec.matchResources",
        ),
    ],
)
def test_weaker_rules_of_the_api_server_are_told(type_, before, after, opening):
    assert openings(of(type_, before, after)) == [opening]


@pytest.mark.parametrize(
    ("type_", "before", "after"),
    [
        ("kubernetes:core/v1:Namespace", enforcing("privileged"), enforcing("restricted")),
        ("kubernetes:core/v1:Namespace", enforcing(""), enforcing("baseline")),
        ("kubernetes:core/v1:Namespace", None, enforcing("privileged")),
        ("kubernetes:core/v1:Namespace", enforcing("baseline"), enforcing(UNKNOWN_TEXT)),
        (GUARD, {"spec": {"validations": []}}, {"spec": {"validations": [{"expression": "a"}]}}),
    ],
)
def test_stricter_rules_of_the_api_server_are_no_danger(type_, before, after):
    assert openings(of(type_, before, after)) == []


@pytest.mark.parametrize(
    ("before", "after", "openings_"),
    [
        ({"httpPutResponseHopLimit": 1}, {"httpPutResponseHopLimit": 2}, ["hops to the node's metadata of {}: 1 → 2"]),
        ({"httpPutResponseHopLimit": 1}, {}, ["hops to the node's metadata of {}: 1 → not set"]),
        (
            {"httpTokens": "required"},
            {"httpTokens": "optional"},
            ["tokens for the node's metadata of {}: required → optional"],
        ),
        ({"httpPutResponseHopLimit": 2}, {"httpPutResponseHopLimit": 1}, []),
    ],
)
def test_pods_that_reach_the_metadata_of_their_node_are_told(before, after, openings_):
    options = [{"metadataOptions": each} for each in (before, after)]
    steps = {"main-h100": template(*options), "main-a100": node_class(*options)}
    for name, changed in steps.items():
        assert openings(changed, kind="access") == [each.format(name) for each in openings_]


@pytest.mark.parametrize(
    ("type_", "before", "after"),
    [
        (LOCK, {"minRetentionDays": 7}, {"minRetentionDays": 30}),
        (LOCK, None, {"minRetentionDays": 7}),
        ("aws:s3/bucket:Bucket", {"forceDestroy": True}, {"forceDestroy": False}),
    ],
)
def test_protection_that_grows_is_no_danger(type_, before, after):
    assert openings(of(type_, before, after)) == []


# The judge


def files(environment="prod", waivers="[]", more="region: x", **others):
    file = f"config:\n  ml-platform:environment: {environment}\n  ml-platform:{more}\n".encode()
    listed = {judge.WAIVERS: waivers.encode(), judge.PRODUCTION: b"accounts: ['1']"}
    return {"Pulumi.prod.yaml": file, **listed, **others}


WAIVER = "[{rule: eks-endpoint-private, urn: 'urn:*'}]"


@pytest.mark.parametrize(
    ("after", "opening"),
    [
        (files(environment="dev"), "environment of prod is looser: prod → dev"),
        (files(waivers=WAIVER), "waivers are added: eks-endpoint-private at urn:*"),
        (files(waivers="a: ["), "policies/waivers.yaml is no list in YAML"),
        (files(waivers=""), "policies/waivers.yaml is no list in YAML"),
        (files(rule=b"x"), "what judges it is changed: rule"),
        (files(more="account_id: '1'"), "account_id of prod: not set → 1"),
        (
            files(more="policies: {cost-monthly-cap: {usd: 1000000000}}"),
            "policies.cost-monthly-cap.usd of prod is looser: 250,000 (default) → 1,000,000,000",
        ),
        (
            files(more="policies: {cost-monthly-cap: {usd: [1]}}"),
            "policies.cost-monthly-cap.usd of prod: not set → [1]",
        ),
        (
            files(more="policies: {iam-no-users-or-keys: {allowed: [a, b]}}"),
            "policies.iam-no-users-or-keys.allowed of prod is looser: adds a, b",
        ),
        (files(more="policies: {no-rule: {of: {}}}"), "policies.no-rule.of of prod: not set → { }"),
        (files(more="policies: {cost-max-gpus: all}"), "policies.cost-max-gpus of prod: not set → all"),
        (files(**{judge.PRODUCTION: b"accounts: []"}), "accounts of policies/production.yaml is looser: drops 1"),
        (files(**{judge.PRODUCTION: b"[]"}), "policies/production.yaml is no map in YAML"),
        (
            files(**{judge.PRODUCTION: b"{accounts: ['1'], floors: {cost-max-gpus: {gpus: 1000000}}}"}),
            "floors.cost-max-gpus.gpus of policies/production.yaml is looser: 128 (default) → 1,000,000",
        ),
        (
            files(**{judge.PRODUCTION: b"{accounts: ['1'], floors: {cost-monthly-cap: {usd: 300000}}}"}),
            "floors.cost-monthly-cap.usd of policies/production.yaml is looser: 250,000 (default) → 300,000",
        ),
        (
            files(
                **{judge.PRODUCTION: b"{accounts: ['1'], floors: {net-sg-no-public-ingress: {public_ports: ['22']}}}"}
            ),
            "floors.net-sg-no-public-ingress.public_ports of policies/production.yaml is looser: adds 22",
        ),
    ],
)
def test_a_change_of_its_own_judge(after, opening):
    each, *_ = judge.find(files(), after, "prod")
    assert (each.opening, each.kind) == (opening, "judge")
    assert each.severity == (GRAVE if "is changed" in opening else LOST)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("environment: prod", "environment: dev"),
        ("policies: {cost-monthly-cap: {usd: 5}}", "policies: {cost-monthly-cap: {usd: 9000000}}"),
    ],
)
@pytest.mark.parametrize("foreign", ["", "zz:environment: prod", "zz:policies: {}", "aws:account_id: '1'"])
def test_no_key_of_another_namespace_hides_or_changes_a_setting(before, after, foreign):
    def file(ours, *more):
        text = "\n".join(["config:", f"  ml-platform:{ours}", *(f"  {each}" for each in more if each)])
        return {"Pulumi.dev.yaml": text.encode()}

    (said,) = judge.find(file(before), file(after, foreign), "dev")
    assert said.severity == LOST
    assert list(judge.find(file(before), file(before, foreign), "dev")) == []


def test_the_first_setting_of_a_stack_that_judges_is_seen():
    before, after = b"config: {ml-platform:region: x}", b"config: {ml-platform:policies: {cost-max-gpus: {gpus: 999}}}"
    (said,) = judge.find({"Pulumi.dev.yaml": before}, {"Pulumi.dev.yaml": after}, "dev")
    assert said.opening.endswith("→ 999")


FLOOR = "{{accounts: ['1'], stacks: [], floors: {{cost-monthly-cap: {{usd: {}}}}}}}"


@pytest.mark.parametrize(
    ("before", "after", "opening"),
    [
        (files(environment="dev"), files(), "environment of prod is stricter: dev → prod"),
        (
            files(),
            files(more="policies: {cost-monthly-cap: {usd: 5.5}}"),
            "policies.cost-monthly-cap.usd of prod is stricter: 250,000 (default) → 5.5",
        ),
        (
            files(),
            files(**{judge.PRODUCTION: b"accounts: ['1', '2']"}),
            "accounts of policies/production.yaml is stricter: adds 2",
        ),
        (
            files(**{judge.PRODUCTION: FLOOR.format(9).encode()}),
            files(**{judge.PRODUCTION: FLOOR.format(8).encode()}),
            "floors.cost-monthly-cap.usd of policies/production.yaml is stricter: 9 → 8",
        ),
        (
            files(),
            files(**{judge.PRODUCTION: FLOOR.format(8).encode()}),
            "floors.cost-monthly-cap.usd of policies/production.yaml is stricter: 250,000 (default) → 8",
        ),
    ],
)
def test_what_is_stricter_than_before_is_a_note_and_the_way_back_a_danger(before, after, opening):
    (said,) = judge.find(before, after, "prod")
    assert (said.opening, said.severity) == (opening, NOTE)
    (back,) = judge.find(after, before, "prod")
    assert back.severity == LOST


ACCOUNT = "111122223333"


@pytest.mark.parametrize(
    "line",
    [f"ml-platform:deployer: {{role_arn: 'arn:aws:iam::{ACCOUNT}:role/d'}}", f"aws:allowedAccountIds: ['{ACCOUNT}']"],
)
def test_a_stack_that_leaves_an_account_of_production_is_told_although_it_says_the_same(line):
    listed = {judge.PRODUCTION: f"accounts: ['{ACCOUNT}']".encode()}
    before, after = (
        {"Pulumi.eu.yaml": f"config:\n  ml-platform:environment: dev\n{more}".encode(), **listed}
        for more in (f"  {line}\n", "")
    )
    (said,) = [each for each in judge.find(before, after, "eu") if each.opening.startswith("environment")]
    assert (said.opening, said.severity) == ("environment of eu is looser: prod → dev", LOST)


def test_which_way_is_stricter_is_not_asked_of_rules_that_are_changed_as_well():
    after = files(more="policies: {cost-monthly-cap: {usd: 5}}", **{"policies/rules/a/b.py": b""})
    said = [each for each in judge.find(files(), after, "prod") if each.opening.startswith("policies.")]
    assert [(each.opening, each.severity) for each in said] == [
        ("policies.cost-monthly-cap.usd of prod: not set → 5", LOST)
    ]


@pytest.mark.parametrize(
    "after",
    [
        files(**{judge.PRODUCTION: b"# a comment\naccounts: ['1']\nfloors: {}"}),
        files(more="policies: {cost-monthly-cap: {usd: 250000}}"),
        files(more="policies: {iam-no-users-or-keys: {allowed: []}}"),
    ],
)
def test_a_change_that_leaves_what_is_in_force_alone_is_none(after):
    assert list(judge.find(files(), after, "prod")) == []


def test_the_value_in_force_is_that_of_its_environment_and_no_looser_than_its_floor():
    floor = {judge.PRODUCTION: FLOOR.format(9).encode()}
    after = files(more="policies: {cost-monthly-cap: {usd: 8}}", **floor)
    (said,) = judge.find(files(**floor), after, "prod")
    assert said.opening.endswith("is stricter: 9 (default) → 8")
    settings = ("region: x", "policies: {cost-monthly-cap: {usd: 4000}}")
    (said,) = judge.find(
        *({"Pulumi.dev.yaml": files("dev", more=more)["Pulumi.prod.yaml"]} for more in settings), "dev"
    )
    assert said.opening.endswith("is looser: 3,000 (default) → 4,000")


def test_what_the_base_refuses_is_told_with_the_reason_and_the_fix_of_each_rule():
    message = "a is open.\nWhy: Anyone may try.\nFix: close it.\nWaive: - {}"
    found = [Finding(f"rule-{number}", "mandatory", STACK, message) for number in range(6)]
    first, *_, more = judge.refused(found)
    assert first.opening == "the rules of the base refuse it by rule-0: a is open"
    assert first.consequence.endswith("its own judge: Anyone may try")
    assert first.gently == "close it"
    assert more.opening == "the rules of the base refuse it also by rule-5"
    assert list(judge.refused(())) == list(judge.unjudged("")) == []


def test_a_module_that_a_rule_is_in_judges_whatever_its_name_is(tmp_path):
    for name in ("policies/rules/nodes/machine_images.py", "catalog/machine_images.py", "costs/__pycache__/a.pyc"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("")
    assert list(judge.files_of(tmp_path, "prod")) == ["policies/rules/nodes/machine_images.py"]


def test_each_option_of_a_policy_that_a_change_sets_is_a_danger_of_its_own():
    before = files(more="policies: {cost-max-gpus: {gpus: 9}, cost-monthly-cap: {usd: 5}}")
    after = files(more="policies: {cost-max-gpus: {gpus: 9}, res-allowed-regions: {regions: [a]}}")
    said = list(judge.find(before, after, "prod"))
    assert [each.opening.partition(": ")[0] for each in said] == [
        "policies.cost-monthly-cap.usd of prod is looser",
        "policies.res-allowed-regions.regions of prod",
    ]
    assert said[0].opening.endswith(": 5 → 250,000 (default)")
    assert ": adds a; drops " in said[1].opening
    assert {each.severity for each in said} == {LOST}, "they come first on the page"


def test_other_settings_and_fewer_waivers_leave_the_judge_alone():
    after = {**files(), "Pulumi.prod.yaml": files()["Pulumi.prod.yaml"].replace(b"region: x", b"region: y")}
    assert list(judge.find(files(waivers=WAIVER), after, "prod")) == []
    assert "environment" not in "".join(each.opening for each in judge.find({}, files(), "prod")), "a new stack"


def test_the_files_of_this_project_that_judge_are_found():
    from report.simulated import ROOT

    names = judge.files_of(ROOT, "prod")
    assert {"Pulumi.prod.yaml", judge.WAIVERS, "report/dangers/judge.py", "policies/analyzer.py"} <= names.keys()
    assert not [name for name in names if "__pycache__" in name]
    assert {
        "catalog/prices.py",
        "catalog/data/instance_prices.json",
        "settings/stack/profiles.py",
        "Makefile",
    } <= names.keys()
    missing = {
        module
        for name, text in names.items()
        if name.startswith(("policies/", "costs/", "report/")) and name.endswith(".py")
        for module in re.findall(
            r"^from ((?:catalog|common|costs|engine|policies|report|simulator)[.\w]*) import", text.decode(), re.M
        )
        if not {f"{module.replace('.', '/')}{end}" for end in (".py", "/__init__.py")} & names.keys()
    }
    assert missing <= {"catalog.machine_images"}, "what a judge imports judges too"


def test_a_switch_of_protection_is_judged_by_no_other_rules():
    after = {**files(), "Pulumi.prod.yaml": files()["Pulumi.prod.yaml"] + b"  ml-platform:deletion_protection: false\n"}
    assert list(judge.find(files(), after, "prod")) == []


# All of them


def test_the_gravest_comes_first_and_equal_ones_are_one():
    nats = [of("aws:ec2/natGateway:NatGateway", {}, None, name) for name in "ab"]
    lowered = tuple(judge.find(files(), files(environment="dev"), "prod"))
    each = found(*nats, of("aws:efs/fileSystem:FileSystem", {}, None, "home"), judges=lowered)
    assert [danger.opening for danger in each] == [
        "environment of prod is looser: prod → dev",
        "FileSystem home deleted",
        "NatGateway a, b deleted",
    ]


def test_a_cluster_comes_before_its_logs():
    logs = of("aws:cloudwatch/logGroup:LogGroup", {}, None, "main-logs", CLUSTER)
    assert [each.opening for each in found(logs, step("delete", EKS, CLUSTER))] == [
        "Cluster main deleted",
        "LogGroup main-logs deleted",
    ]


def test_a_verb_agrees_with_its_names():
    rules = [of(RULE, None, {"cidrIpv4": "10.0.0.0/8"}, name) for name in "ab"]
    assert openings(rules[0]) == ["a lets in 10.0.0.0/8"]
    assert openings(*rules) == ["a, b let in 10.0.0.0/8"]
    one = of("aws:eks/cluster:Cluster", endpoint(True, ["203.0.113.1/32"]), endpoint(True, ["203.0.113.0/31"]))
    assert found(one)[0].at_stake == "1 address more"


def test_a_first_build_endangers_nothing():
    log = [step("create", PROVIDER), step("create", BUCKET), group("a", None, {}), summary()]
    assert dangers(plan_from(seen(log))) == ()
    assert PREFIX in BUCKET


def test_a_secret_that_goes_can_be_restored_for_its_window_and_without_one_is_lost():
    type_ = "aws:secretsmanager/secret:Secret"
    (window,) = found(of(type_, {"name": "hub", "recoveryWindowInDays": 30}, None, "hub"), kind="data")
    assert window.severity == GRAVE
    assert window.consequence == "its values can be restored for 30 days, in which nothing else may have its name"
    (at_once,) = found(of(type_, {"name": "hub", "recoveryWindowInDays": 0}, None, "hub"), kind="data")
    assert at_once.consequence == "its values would be lost"


def test_a_password_of_the_cluster_that_goes_is_lost():
    type_ = "kubernetes:generators.external-secrets.io/v1alpha1:Password"
    (lost,) = found(of(type_, {"spec": {"length": 32}}, None, "session"), kind="data")
    assert "nowhere else" in lost.consequence


def mounting(principal, **more):
    mount = ["elasticfilesystem:ClientMount"]
    statement = {"Effect": "Allow", "Principal": principal, "Action": mount, **more}
    return {"fileSystemId": "fs-1", "policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}


@pytest.mark.parametrize(
    ("before", "after", "asks"),
    [
        ({"AWS": "*"}, mounting({"AWS": "arn:aws:iam::123456789012:role/nodes"}), True),
        ("*", {"fileSystemId": "fs-1", "policy": UNKNOWN_TEXT}, True),
        ({"AWS": "*"}, mounting({"AWS": "*"}, Condition={"Bool": {"aws:SecureTransport": "true"}}), False),
        ({"AWS": "arn:aws:iam::123456789012:role/nodes"}, mounting({"AWS": "arn:aws:iam::123456789012:role/a"}), False),
    ],
)
def test_a_file_system_that_begins_to_ask_who_mounts_is_told_of_with_the_step_between(before, after, asks):
    step_ = of("aws:efs/fileSystemPolicy:FileSystemPolicy", mounting(before), after, "home")
    told = [each for each in found(step_, kind="access") if "from now on who mounts" in each.opening]
    assert bool(told) is asks
    assert all("access: both first" in each.gently for each in told)


def through(policy):
    return {"serviceName": "com.amazonaws.us-west-2.s3", "policy": policy}


WIDE = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["*"], "Resource": ["*"]}]})
NARROW = WIDE.replace("}]}", ', "Condition": {"StringEquals": {"aws:PrincipalAccount": ["123456789012"]}}}]}')


@pytest.mark.parametrize(
    ("before", "after", "narrower"),
    [(WIDE, NARROW, True), (None, NARROW, True), (None, WIDE, False), (NARROW, WIDE, False)],
)
def test_an_endpoint_that_lets_less_through_is_told_of(before, after, narrower):
    step_ = of("aws:ec2/vpcEndpoint:VpcEndpoint", through(before), through(after), "network-endpoint-s3")
    told = [each for each in openings(step_, kind="access") if "through only what a policy names" in each]
    assert bool(told) is narrower


def test_an_endpoint_that_opens_is_told_of_as_wider():
    step_ = of("aws:ec2/vpcEndpoint:VpcEndpoint", through(NARROW), through(WIDE), "network-endpoint-s3")
    assert any("may" in each for each in openings(step_, kind="access"))


@pytest.mark.parametrize(
    ("type_", "before"),
    [
        ("aws:cloudwatch/metricAlarm:MetricAlarm", {"metricName": "main-exec"}),
        ("aws:sns/topicSubscription:TopicSubscription", {"endpoint": "security@example.com"}),
    ],
)
def test_an_alarm_or_mail_that_ends_is_told_of(type_, before):
    assert any("alarm or mail it ends" in each for each in openings(of(type_, before, None), kind="protection"))


AUDIT_LOGS = {"name": "EKS_AUDIT_LOGS", "status": "ENABLED"}


@pytest.mark.parametrize(
    ("type_", "before", "after", "words"),
    [
        ("aws:guardduty/detector:Detector", {"enable": True}, None, "detector it ends"),
        ("aws:guardduty/detector:Detector", {"enable": True}, {"enable": False}, "enable of it: true → false"),
        ("aws:guardduty/detectorFeature:DetectorFeature", AUDIT_LOGS, None, "it stays on and is billed"),
        (
            *("aws:guardduty/detectorFeature:DetectorFeature", AUDIT_LOGS),
            *({**AUDIT_LOGS, "status": "DISABLED"}, "it: ENABLED → DISABLED in GuardDuty"),
        ),
        ("aws:eks/addon:Addon", {"addonName": "aws-guardduty-agent"}, None, "nodes lose their agent"),
    ],
)
def test_guardduty_that_looks_at_less_is_told_of(type_, before, after, words):
    assert any(words in each for each in openings(of(type_, before, after), kind="protection"))


def test_an_add_on_that_is_no_agent_goes_unseen():
    assert not openings(of("aws:eks/addon:Addon", {"addonName": "coredns"}, None), kind="protection")
    off = {**AUDIT_LOGS, "status": "DISABLED"}
    assert not openings(of("aws:guardduty/detectorFeature:DetectorFeature", off, None), kind="protection")
