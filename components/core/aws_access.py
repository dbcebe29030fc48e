"""The way in which a stack uses AWS: one account, one role, one set of tags, in whichever region."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True)
class AwsAccess:
    """What all AWS providers of a stack have in common.

    account_id: every other account is refused; None accepts that of the role, or of the credentials without one.
    role_arn: the role that the run takes on; None for a run that keeps its own credentials.
    tags: of every resource. foreign_tags: beginnings of the keys of tags that others set.
    """

    account_id: str | None
    role_arn: str | None
    tags: Mapping[str, str]
    foreign_tags: Sequence[str]

    def provider(self, name: str, region: str, parent: pulumi.Resource) -> aws.Provider:
        """Registers the provider of a region."""
        account = self.account_id or (self.role_arn.split(":")[4] if self.role_arn else None)
        return aws.Provider(
            name,
            region=region,
            default_tags={"tags": dict(self.tags)},
            ignore_tags=aws.ProviderIgnoreTagsArgs(key_prefixes=self.foreign_tags),
            allowed_account_ids=[account] if account else None,
            assume_roles=[aws.ProviderAssumeRoleArgs(role_arn=self.role_arn)] if self.role_arn else None,
            opts=pulumi.ResourceOptions(parent=parent),
        )
