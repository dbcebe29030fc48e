"""The simulated cloud can build every pool that the settings accept, and the policy pack has no findings in it."""

from collections import Counter
from functools import cache
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
from hypothesis import HealthCheck, given, seed, settings

from catalog.regions import REGIONS
from catalog.sharing import WHOLE_GPU
from components.compute.karpenter.karpenter_manifests import node_overlays
from components.compute.karpenter.karpenter_pool import KarpenterPool, KarpenterPoolArgs
from components.compute.node_pool import NodePool, NodePoolArgs
from components.core.stage import Stage
from components.stack.stack_file import load
from settings.compute.node_pool import NodePoolSettings
from settings.stack.loader import SettingsError
from settings.stack.stack import StackSettings
from simulator.aws.operation_context import ACCOUNT
from tests.in_process.engine import PROJECT
from tests.in_process.ground import Ground
from tests.settings.compute.any_pool import NETWORK_ZONES, any_stack
from tests.settings.stacks import SOURCE, TODAY
from tests.whole.proving_ground import ENVIRONMENT, TAGS, ProvingGround

DRAWS = 800
# The environment decides what a pool may cost, and where and for what it may be used. Routes belong to the network,
# which is not built here.
IGNORED_POLICIES = {
    *("cost-instance-allowlist", "cost-max-gpus", "cost-monthly-cap", "gpu-timeslice-not-prod", "net-nodes-private"),
    *("res-allowed-regions", "k8s-chart-digest-known"),
}

SEEN: Counter[str] = Counter()


@cache
def ground(region: str) -> ProvingGround:
    """Returns the resources of a region, which are created when a test first needs them."""
    return ProvingGround(region, [zone.name for zone in REGIONS[region].eks_zones[:NETWORK_ZONES]])


def build(pool: NodePoolSettings, stack: StackSettings, ground: Ground) -> None:
    stage = Stage(
        name=PROJECT,
        environment=ENVIRONMENT,
        region=stack.region,
        account_id=ACCOUNT,
        deletion_protection=True,
        tags=TAGS,
    )
    if pool.provisioner == "managed":
        NodePool(
            f"main-{pool.name}",
            NodePoolArgs(
                settings=pool,
                stage=stage,
                cluster="main",
                cluster_name=ground.cluster_name,
                cluster_security_group_id=ground.security_group_id,
                kubernetes_version="1.35",
                node_role_arn=ground.node_role_arn,
                vpc_id=ground.vpc_id,
                subnet_ids=ground.private_subnet_ids,
                volume_key_arn=ground.key_arns["ebs"],
            ),
        )
        return
    provider = kubernetes.Provider("kubernetes", kubeconfig=ground.kubeconfig)
    KarpenterPool(
        f"main-{pool.name}",
        KarpenterPoolArgs(
            settings=pool,
            stage=stage,
            cluster="main",
            kubernetes_version="1.35",
            zones=ground.zones,
            vpc_id=ground.vpc_id,
            volume_key_arn=ground.key_arns["ebs"],
        ),
        pulumi.ResourceOptions(providers={"kubernetes": provider}),
    )


def expected(pool: NodePoolSettings) -> set[str]:
    """Returns the findings that the pack must report, because the settings leave the decision to policies."""
    findings = set()
    if pool.accelerator is not None:
        if all(taint.effect == "PreferNoSchedule" for taint in pool.taints):
            findings.add("gpu-pool-tainted")
        paid_for = pool.always_on or pool.reservation is not None
        no_idle_cost = paid_for or pool.off_peak is not None or pool.start_per_zone == 0
        if pool.provisioner == "managed" and not no_idle_cost:
            findings.add("cost-gpu-scale-to-zero")
        if pool.provisioner == "karpenter" and any(
            WHOLE_GPU in each["spec"]["capacity"] for each in node_overlays(pool)
        ):
            findings.add("gpu-shared-pool-has-no-whole-gpu")  # overlays count beside a release of Karpenter alone
    return findings


# With derandomize alone, the examples would depend on the source text of the test, so on names.
@seed(0)
@settings(max_examples=DRAWS, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(raw=any_stack())
def test_every_accepted_pool_can_be_built_and_passes(raw: dict[str, Any]) -> None:
    try:
        stack = load(raw, SOURCE, TODAY)
    except SettingsError:
        SEEN["refused"] += 1
        return
    pool, region_ground = stack.clusters["main"].pools[1], ground(stack.region)
    region_ground.run(lambda: build(pool, stack, region_ground))
    SEEN[pool.provisioner] += 1
    SEEN[f"{pool.provisioner} {pool.shared.strategy}"] += 1
    assert region_ground.built, "the pool has no resources"
    assert not region_ground.refusals, (
        f"the cloud refuses a pool that the settings accept: {pool}\n{region_ground.refusals}"
    )
    violated = {finding.policyName for finding in region_ground.findings} - IGNORED_POLICIES
    assert violated == expected(pool), f"{pool}\n{[finding.message for finding in region_ground.findings]}"


def test_the_examples_contained_pools_of_every_kind() -> None:
    kinds = {f"{by} {sharing}" for by in ("managed", "karpenter") for sharing in ("none", "time-slicing", "mps", "mig")}
    assert kinds <= set(SEEN), f"never built: {kinds - set(SEEN)}"
    assert SEEN["managed"] + SEEN["karpenter"] > DRAWS / 5, SEEN
