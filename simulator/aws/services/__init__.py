"""The simulated resource types: one module for each AWS service, with one entry for each type."""

from simulator.aws.services import (
    autoscaling,
    backup,
    cloudwatch,
    ec2,
    efs,
    eks,
    fsx,
    iam,
    kms,
    s3,
    servicequotas,
    sqs,
    ssm,
    vpc,
)

TYPES = (
    *ec2.TYPES,
    *vpc.TYPES,
    *eks.TYPES,
    *iam.TYPES,
    *kms.TYPES,
    *cloudwatch.TYPES,
    *s3.TYPES,
    *sqs.TYPES,
    *ssm.TYPES,
    *autoscaling.TYPES,
    *servicequotas.TYPES,
    *backup.TYPES,
    *efs.TYPES,
    *fsx.TYPES,
)
