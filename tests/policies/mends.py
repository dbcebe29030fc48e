"""What mends a bad case where the value depends on the program, so that the rule cannot name it."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from policies.rules.gpu.gpu_request_equals_limit import PREFIXES
from policies.samples import limits, requirement


@dataclass(frozen=True)
class Edits:
    """Edits of other paths than that of the finding, from the start of the resource."""

    values: dict[str, Any]


@dataclass(frozen=True)
class Anew:
    """A map that stands in the place of another one."""

    value: Any


class OneOf(tuple[Any, ...]):
    """Values of which one passes: the finding is about something that differs from case to case."""


TAGS = {"environment": "prod", "owner": "us", "cost-center": "ml", "project": "ours"}
NODE_SPECS = [{"resourceType": kind, "tags": TAGS} for kind in ("instance", "volume")]
READS = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
SCRIPT = base64.b64encode(b"#!/bin/bash\nnodeadm init\n").decode()
CERTIFICATE = "arn:aws:acm:us-west-2:111122223333:certificate/web"
LOGGED = [
    {"key": "access_logs.s3.enabled", "value": "true"},
    {"key": "routing.http.drop_invalid_header_fields.enabled", "value": "true"},
]
TRAINER = "system:serviceaccount:research:trainer"
GITHUB = "token.actions.githubusercontent.com"
CLUSTER = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE"
WHOLE = "flags: {migStrategy: mixed}"
INGRESS = "alb.ingress.kubernetes.io/"
IMAGE = f"111122223333.dkr.ecr.us-west-2.amazonaws.com/train:1@sha256:{'0' * 64}"

EXAMPLES: dict[str, dict[str, Any]] = {
    "cost-budget-counts": {
        "costFilters": [{"name": "TagKeyValue", "values": ["user:team$research"]}],
        "values": ["user:team$research"],
        "values[]": "user:team$research",
        "notifications": [{"threshold": 80, "subscriberEmailAddresses": ["ml@example.com"]}],
    },
    "cost-instance-allowlist": {
        "instanceTypes": ["m5.2xlarge"],
        "instanceType": "m5.2xlarge",
        "requirements": [requirement("node.kubernetes.io/instance-type", "m5.2xlarge")],
    },
    "cost-karpenter-bounded": {"limits": {"cpu": "100", "nvidia.com/gpu": "8"}, "cpu": "100"},
    "cost-max-gpus": {
        "maxSize": 0,
        "limits": {"cpu": "1000", "nvidia.com/gpu": "0"},
        "instanceType": "m5.2xlarge",
        "launchTemplate": Edits({"maxSize": 0}),
    },
    "cost-monthly-cap": {"monthly cost": Edits({"scalingConfig.maxSize": 1})},
    "cost-node-tags": {"tagSpecifications": NODE_SPECS, "tags": TAGS},
    "cost-required-tags": {"tags": TAGS, "tagsAll": TAGS},
    "cost-spot-in-dev": {
        "requirements": [
            requirement("node.kubernetes.io/instance-type", "g6.xlarge"),
            requirement("karpenter.sh/capacity-type", "spot", "on-demand"),
        ]
    },
    "ebs-encrypted": {"storageClassName": "gp3"},
    "ecr-cache-templated": {"lifecyclePolicy": '{"rules": []}'},
    "ecr-immutable-scan": {
        "filter": "dev-*",
        "kmsKey": Edits(
            {
                "encryptionConfigurations": [
                    {"encryptionType": "KMS", "kmsKey": "arn:aws:kms:us-west-2:111122223333:key/images"}
                ]
            }
        ),
    },
    "ecr-policy-not-open": {"NotPrincipal": None},
    "efs-mounts-by-iam": {
        "policy": json.dumps(
            {
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": "arn:aws:iam::111122223333:role/nodes"},
                        "Action": "elasticfilesystem:ClientMount",
                    }
                ]
            }
        )
    },
    "efs-tls-only": {
        "policy": json.dumps(
            {
                "Statement": [
                    {
                        "Effect": "Deny",
                        "Principal": {"AWS": "*"},
                        "Action": "elasticfilesystem:*",
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ]
            }
        )
    },
    "eks-addon-pinned": {"addonVersion": "v1.14.2-eksbuild.4"},
    "eks-creator-not-admin": {
        "bootstrapClusterCreatorAdminPermissions": Edits(
            {"accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}}
        )
    },
    "eks-version-supported": {"version": "1.36"},
    "eks-vpc-cni-version": {"addonVersion": "v1.22.4-eksbuild.3"},
    "gpu-ami-accelerated": {
        "amiType": OneOf(("AL2023_x86_64_NVIDIA", "AL2023_x86_64_NEURON", "AL2023_ARM_64_STANDARD")),
        "alias": "al2023@v20261012",
    },
    "gpu-mig-profile-valid": {
        '["nvidia.com/mig.config"]': OneOf(("7x1g.5gb", "7x1g.10gb", "7x1g.18gb", "all-disabled")),
        '["ml-platform/sharing"]': "time-slicing-4",
        "mixed": None,
        '["config.yaml"]': None,
    },
    "gpu-no-visible-devices-env": {
        "value": OneOf(("void", Edits({"spec.containers": []}))),
        "command": ["train"],
        "args": None,
        "source": None,
        "NVIDIA_VISIBLE_DEVICES": None,
        "CUDA_VISIBLE_DEVICES": None,
        "path": "/var/log",
    },
    "gpu-operator-keeps-gpus-apart": {"name": "plugin", "default": "whole", "env": None, "args": None, "data.a": WHOLE},
    "gpu-pod-schedulable": {
        "spec.containers": Edits(
            {"spec.containers": [{"name": "main", "resources": limits(cpu=1)}], "spec.initContainers": None}
        ),
        "predictor.containers": Edits({"spec.predictor.model": None}),
    },
    "gpu-pool-tainted": {
        "taints": [{"key": "gpu", "value": "true", "effect": "NO_SCHEDULE"}],
        "spec.taints": [{"key": "gpu", "value": "true", "effect": "NoSchedule"}],
    },
    "gpu-request-equals-limit": {
        '["nvidia.com/gpu"]': OneOf((1, 8)),
        '["aws.amazon.com/neuroncore"]': 1,
        **{f'["{maker}x"]': 1 for maker in PREFIXES},
    },
    "gpu-timeslice-not-prod": {
        "labels": {"ml-platform/sharing": "time-slicing-4"},
        "production-inference": "false",
        "replicas": 4,
        "data.config": None,
        '["nvidia.com/gpu.shared"]': None,
    },
    "gpu-type-in-catalog": {
        "instanceType": "p4d.24xlarge",
        "instanceTypes": OneOf((["p4d.24xlarge"], Edits({"instanceTypes": ["p4d.24xlarge"], "launchTemplate": None}))),
        "requirements": [],
    },
    "iam-no-admin-policy": {"Statement[]": READS},
    "iam-no-broad-grants": {"Statement[]": Anew(READS)},
    "iam-no-priv-escalation": {"Statement[]": READS},
    "iam-pods-own-service-account": {
        "Condition": Anew({"StringEquals": {f"{CLUSTER}:sub": TRAINER, f"{CLUSTER}:aud": "a"}}),
        "annotations": None,
    },
    "iam-resource-policy-not-open": {"principal": "events.amazonaws.com"},
    "iam-trust-no-wildcard": {"NotPrincipal": None},
    "iam-workload-trust-scoped": {
        "Condition": OneOf(
            Anew({"StringEquals": given})
            for given in (
                {"aws:SourceAccount": "111122223333"},
                {f"{CLUSTER}:aud": "a", f"{CLUSTER}:sub": TRAINER},
                {f"{GITHUB}:aud": "a", f"{GITHUB}:sub": "repo:org/platform:ref:refs/heads/main"},
                {"login.example.com:aud": "a", "login.example.com:sub": "b"},
            )
        )
    },
    "img-pinned": {"image": IMAGE, "repository": None, "reference": IMAGE},
    "img-trusted-registry": {
        "image": IMAGE,
        "reference": IMAGE,
        "repository": OneOf(("registry.k8s.io/pause", Edits({"values": {"part0": None}}))),
    },
    "kms-policy-not-open": {"granteePrincipal": "arn:aws:iam::111122223333:role/loader", "retiringPrincipal": None},
    "lb-public-guarded": {
        "listenerConfigurations": [{"protocolPort": "HTTPS:443", "defaultCertificate": CERTIFICATE}],
        "protocolPort": "HTTPS:443",
        "webACL": "arn:aws:wafv2:us-west-2:111122223333:regional/webacl/web/1",
        "wafv2AclArn": "arn:aws:wafv2:us-west-2:111122223333:regional/webacl/web/1",
        "loadBalancerAttributes": LOGGED,
        "scheme": "internal",
        f'["{INGRESS}certificate-arn"]': CERTIFICATE,
        f'["{INGRESS}wafv2-acl-arn"]': "arn:aws:wafv2:us-west-2:111122223333:regional/webacl/web/1",
        f'["{INGRESS}ssl-redirect"]': "443",
        f'["{INGRESS}load-balancer-attributes"]': ",".join(f"{each['key']}={each['value']}" for each in LOGGED),
    },
    "lb-web-acl-filters": {
        "rules": [
            {
                "overrideAction": {"none": {}},
                "statement": {
                    "managedRuleGroupStatement": {"vendorName": "AWS", "name": "AWSManagedRulesCommonRuleSet"}
                },
            },
            {"action": {"block": {}}, "statement": {"rateBasedStatement": {"limit": 1000}}},
        ]
    },
    "log-groups-made-by-stack": {
        "outputs": "[OUTPUT]\n    Name cloudwatch_logs\n    auto_create_group Off\n",
        "extraFiles.fluent-bit.yaml": Edits({"values.config.extraFiles": None}),
    },
    "net-acl-no-public-login": {"cidrBlock": "10.0.0.0/8", "ipv6CidrBlock": "fc00::/7"},
    "net-endpoint-scoped": {
        "policy": json.dumps(
            {
                "Statement": [
                    {**READS, "Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}}
                ]
            }
        )
    },
    "net-policy-not-open": {
        "from": [{"podSelector": {}}],
        "from[]": Anew({"podSelector": {}}),
        "to": [{"podSelector": {}}],
        "to[]": Anew({"podSelector": {}}),
    },
    "net-policy-ranges": {
        "ipBlock": {"cidr": "10.0.4.0/24", "except": []},
        "to": [{"ipBlock": {"cidr": "10.0.4.0/24"}}],
        "from": [{"ipBlock": {"cidr": "10.0.4.0/24"}}],
        "egress": [],
        "ingress": [],
    },
    "net-sg-no-public-ingress": {
        "cidrIpv4": "10.0.0.0/16",
        "cidrIpv6": "fc00::/7",
        "cidrBlocks": ["10.0.0.0/16"],
        "cidrBlocks[]": "10.0.0.0/16",
        "ipv6CidrBlocks": ["fc00::/7"],
        "ingress": [],
    },
    "net-sg-sources-known": {"prefixListId": None, "prefixListIds": None, "securityGroupId": None},
    "node-image-pinned": {
        "alias": "al2023@v20261012",
        "name": "gpu",
        "tags": None,
        "ssmParameter": "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/v20261012",
    },
    "node-kubelet-closed": {"userData": SCRIPT},
    "node-userdata-no-secrets": {"userData": SCRIPT, "userDataBase64": SCRIPT},
    "node-volume-encrypted": {"blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true"}}]},
    "ns-not-default": {"spec": Edits({"metadata.namespace": "research"})},
    "obs-alerts-reach-somebody": {
        "receiver": Edits(
            {
                "values.alertmanager.config": {
                    "route": {"receiver": "people"},
                    "receivers": [
                        {"name": "people", "sns_configs": [{"topic_arn": "arn:aws:sns:us-west-2:111122223333:alerts"}]}
                    ],
                }
            }
        ),
        "stringConfig": None,
        "configSecret": None,
        "alertmanagerConfiguration.name": None,
    },
    "obs-prometheus-bounded": {
        "volumeClaimTemplate": {"spec": {"resources": {"requests": {"storage": "100Gi"}}}},
        "retentionSize": "80GiB",
    },
    "obs-remote-write-bounded": {
        "writeRelabelConfigs": [{"sourceLabels": ["__name__"], "regex": "up", "action": "keep"}],
        "url": "https://aps-workspaces.us-west-2.amazonaws.com/workspaces/ws-1/api/v1/remote_write",
    },
    "pss-no-host-access": {"hostPath": None, "local": None},
    "quota-counts": {"*": None},
    "rbac-no-escalation": {"verbs": OneOf((["get"], ["list"]))},
    "rbac-no-secret-read": {"resources": ["configmaps"]},
    "rel-backup-coverage": {'["ml-platform:backup"]': "daily"},
    "res-allowed-regions": {"region": "us-west-2"},
    "res-replication-in-region": {
        "region": "us-west-2",
        "account": "111122223333",
        "replicas": [{"region": "us-east-2"}],
        "rules": [],
    },
    "s3-no-public-acl-or-policy": {"uri": None, "id": None, "emailAddress": None, "NotPrincipal": None},
    "s3-tls-only": {
        "policy": json.dumps(
            {
                "Statement": [
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"],
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ]
            }
        )
    },
    "secret-no-plaintext": {"value": "", "args[]": "--use-token", "*": None},
    "secret-store-scoped": {
        "namespaceRegexes": ["^research-"],
        "namespaceSelector": {"matchLabels": {"team": "research"}},
    },
    "wl-budget-lets-go": {
        "maxUnavailable": 1,
        "minAvailable": Edits({"spec.minAvailable": None, "spec.maxUnavailable": 1}),
        "selector": None,
    },
    "wl-probes": {
        "readinessProbe": {"httpGet": {"path": "/health", "port": 8080}},
        "livenessProbe": {"httpGet": {"path": "/health", "port": 8080}},
    },
    "wl-resources-set": {"memory": "1Gi", "cpu": "500m"},
    "wl-shm-bounded": {"sizeLimit": "1Gi"},
    "net-cluster-policies": {
        "action": "Pass",
        "values[]": "agents",
        "networks[]": "192.0.2.0/24",
        "to": Edits({"spec.egress": []}),
        "from": Edits({"spec.ingress": []}),
        "ports": None,
    },
    "net-pods-have-interface": {"subnetIds": ["subnet-1"], "subnetSelectorTerms": [{"tags": {"tier": "pods"}}]},
    "rel-multi-az": {
        "subnetIds": None,
        "vpcConfig": None,
        "vpcZoneIdentifiers": Anew(["subnet-1", "subnet-2"]),
    },
    "pss-safe-fields": {
        "annotations": Anew({"team": "research"}),
        "name": "kernel.shm_rmid_forced",
        "type": "container_t",
        "nfs": None,
    },
    "wl-no-default-sa-token": {"serviceAccountName": "trainer"},
    "rel-data-kept": {"arn": "arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/fs-0123456789abcdef0"},
    "eks-access-least-privilege": {"principalArn": "arn:aws:iam::111122223333:role/break-glass"},
    "iam-node-role-minimal": {
        "policyArn": "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
        "managedPolicyArns": ["arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"],
    },
    "secret-not-in-state": {"*": None},
}
