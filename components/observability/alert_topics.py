"""What alerts need in AWS, once for the stack: topics that send mails, and secrets that people fill."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.core.cluster_ref import ClusterRef
from components.core.custom_resource import custom_resource
from components.core.stage import Stage
from components.observability.alerting import ALERTMANAGER, secret_object, topic_name
from components.secrets.secret_iam import OPERATOR, secret_prefix
from components.secrets.stores import API, StoreArgs, store
from components.security.audit_alarms import topic_policy
from settings.observability.alerts import AlertSettings
from settings.secrets.secrets import SecretsSettings

OWNER = "platform.alerts"
"""Whose secrets they are, as one speaks of a team's. No team has a dot in its name."""


@dataclass(frozen=True, kw_only=True)
class AlertTopicsArgs:
    """Arguments. key_arn: encrypts mails on their way. secrets_key_arn: encrypts secrets; None where there are none.

    filled: name -> keys of each secret that somebody has to fill.
    """

    settings: AlertSettings
    filled: Mapping[str, tuple[str, ...]]
    secrets: SecretsSettings
    stage: Stage
    key_arn: pulumi.Input[str]
    secrets_key_arn: pulumi.Input[str] | None


class AlertTopics(pulumi.ComponentResource):
    """A topic for each receiver with mails; alarms of CloudWatch may publish to it as well. And the empty secrets.

    arns: receiver -> its topic, once alarms may publish to it.
    """

    arns: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: AlertTopicsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:observability:AlertTopics", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.arns = {}
        for receiver, each in args.settings.receivers().items():
            if each.mail:
                name_of_topic = topic_name(args.stage, receiver)
                self.arns[receiver] = self._topic(f"{name}-{receiver}", name_of_topic, each.mail, args)
        for secret, keys in args.filled.items() if args.secrets.store == "aws" else ():
            aws.secretsmanager.Secret(
                f"{name}-{secret}",
                name=f"{secret_prefix(args.stage, OWNER)}{secret}",
                description=f"{', '.join(keys)} of {secret}, as a JSON object",
                kms_key_id=args.secrets_key_arn,
                recovery_window_in_days=args.secrets.recovery_days,
                opts=child,
            )
        self.register_outputs({})

    def _topic(
        self, name: str, physical_name: str, addresses: tuple[str, ...], args: AlertTopicsArgs
    ) -> pulumi.Output[str]:
        child = pulumi.ResourceOptions(parent=self)
        topic = aws.sns.Topic(name, name=physical_name, kms_master_key_id=args.key_arn, opts=child)
        policy = topic_policy(args.stage, args.stage.arn("sns", physical_name))  # policy packs read it at preview
        open_topic = aws.sns.TopicPolicy(name, arn=topic.arn, policy=policy, opts=child)
        for address in addresses:
            aws.sns.TopicSubscription(
                f"{name}-{address}",
                topic=topic.arn,
                protocol="email",
                endpoint=address,
                # Unconfirmed ones have no id of their own.
                opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(delete_before_replace=True)),
            )
        arn: pulumi.Output[str] = open_topic.arn
        return arn


@dataclass(frozen=True, kw_only=True)
class AlertSecretsArgs:
    """Arguments. cluster_key: in the stack file. topics: what makes the secrets that are brought into the cluster.

    filled: name -> keys of each secret that somebody has to fill.
    """

    filled: Mapping[str, tuple[str, ...]]
    secrets: SecretsSettings
    stage: Stage
    cluster_key: str
    cluster: ClusterRef
    topics: AlertTopics


class AlertSecrets(pulumi.ComponentResource):
    """Brings the secrets of receivers into the namespace of Alertmanager, each of them once somebody has filled it."""

    def __init__(self, name: str, args: AlertSecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:observability:AlertSecrets", name, None, opts)
        of_cluster = f"{args.cluster_key}.alerts"
        its_store = store(
            name,
            StoreArgs(
                team=of_cluster,
                namespaces=[ALERTMANAGER.namespace],
                settings=args.secrets,
                stage=args.stage,
                cluster_key=args.cluster_key,
                cluster=args.cluster,
                secrets_of=OWNER,
            ),
            self,
        )
        for secret, keys in args.filled.items():
            path = f"{secret_prefix(args.stage, OWNER)}{secret}"
            spec = {
                "refreshPolicy": "Periodic",
                "refreshInterval": "10m",
                "secretStoreRef": {"kind": "ClusterSecretStore", "name": of_cluster},
                "data": [{"secretKey": key, "remoteRef": {"key": path, "property": key}} for key in keys],
                "target": {"name": secret_object(secret), "creationPolicy": "Owner", "deletionPolicy": "Retain"},
            }
            custom_resource(
                f"{name}-{secret}",
                {
                    "apiVersion": API,
                    "kind": "ExternalSecret",
                    "metadata": {"name": secret_object(secret), "namespace": ALERTMANAGER.namespace},
                    "spec": spec,
                },
                pulumi.ResourceOptions(
                    parent=self,
                    provider=args.cluster.provider,
                    depends_on=[
                        *(its_store, args.topics, args.cluster.controllers[OPERATOR]),
                        args.cluster.namespaces[ALERTMANAGER.namespace],
                    ],
                ),
                awaited=False,
            )
        self.register_outputs({})
