"""Karpenter's AWS side: the queue for interruption events, and the role of the nodes that it starts.

The permissions of its controller are in `karpenter_iam`; the controller itself is an add-on.
Source: https://karpenter.sh/v1.14/getting-started/getting-started-with-karpenter/, read 2026-08.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.compute.karpenter import karpenter_iam
from components.compute.karpenter.karpenter_iam import EVENTS
from components.compute.node_role import node_role
from components.core.stage import Stage

# Older messages are useless: AWS takes back a spot instance two minutes after its warning.
MESSAGE_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class KarpenterArgs:
    """Arguments of Karpenter.

    cluster: key in the stack file.
    cluster_name: carries the dependency on the cluster.
    """

    stage: Stage
    cluster: str
    cluster_name: pulumi.Input[str]


class Karpenter(pulumi.ComponentResource):
    """The AWS side for one cluster with Karpenter pools. Names are known at preview, since permissions contain them."""

    node_role_name: str
    queue_name: str

    def __init__(self, name: str, args: KarpenterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:autoscaling:Karpenter", name, None, opts)
        stage, cluster = args.stage, args.cluster
        self.node_role_name = karpenter_iam.node_role_name(stage, cluster)
        self.queue_name = karpenter_iam.queue_name(stage, cluster)
        queue = self._queue(name, args)
        for event, pattern in EVENTS.items():
            self._rule(f"{name}-{event}", karpenter_iam.rule_name(stage, cluster, event), pattern, queue)
        role = node_role(f"{name}-node", stage, self, self.node_role_name)
        aws.eks.AccessEntry(
            f"{name}-node",
            cluster_name=args.cluster_name,
            principal_arn=role.arn,
            type="EC2_LINUX",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"node_role_name": self.node_role_name, "queue_name": self.queue_name})

    def _queue(self, name: str, args: KarpenterArgs) -> aws.sqs.Queue:
        opts = pulumi.ResourceOptions(parent=self)
        queue = aws.sqs.Queue(
            f"{name}-interruptions",
            name=self.queue_name,
            message_retention_seconds=MESSAGE_SECONDS,
            sqs_managed_sse_enabled=True,
            opts=opts,
        )
        aws.sqs.QueuePolicy(
            f"{name}-interruptions",
            queue_url=queue.url,
            policy=karpenter_iam.queue_policy(args.stage, args.cluster),
            opts=opts,
        )
        return queue

    def _rule(self, name: str, physical_name: str, pattern: Mapping[str, Sequence[str]], queue: aws.sqs.Queue) -> None:
        opts = pulumi.ResourceOptions(parent=self)
        rule = aws.cloudwatch.EventRule(
            name,
            name=physical_name,  # the queue's policy names it
            description=f"Tells Karpenter: {', '.join(pattern['detail-type'])}",
            event_pattern=json.dumps(pattern),
            opts=opts,
        )
        aws.cloudwatch.EventTarget(name, rule=rule.name, target_id="karpenter", arn=queue.arn, opts=opts)
