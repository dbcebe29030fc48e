"""Repositories and caches in ECR: whether their names are free, and who scans what is pushed."""

from collections.abc import Iterator, Mapping

from preflight.account import Ask
from preflight.check import Finding, check, failure, ok
from preflight.checks.names import UP, find_names, is_up
from preflight.needs import Needs, tags_of

_RULE, _REPOSITORY = "ecr/pullThroughCacheRule:PullThroughCacheRule", "ecr/repository:Repository"
_FIND, _TAGS = "ecr:DescribeRepositories", "ecr:ListTagsForResource"
_RULES, _SCANNING = "ecr:DescribePullThroughCacheRules", "ecr:GetRegistryScanningConfiguration"


def _repository(ask: Ask, name: str, region: str) -> Mapping[str, str] | None:
    answer = ask(_FIND, region=region, absent=("RepositoryNotFoundException",), repositoryNames=[name])
    arns = [each["repositoryArn"] for each in answer["repositories"]] if answer else []
    return tags_of(ask(_TAGS, region=region, resourceArn=arns[0])) if arns else None


repositories = find_names("Names of repositories", _REPOSITORY, _repository, _FIND, _TAGS, kept=True)


@check("Pull-through caches", calls=(_RULES, UP))
def caches(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """No other cache of the account has the beginning of ours: rules have no tags that would say whose they are."""
    for resource in needs.of(_RULE):
        prefix, region = str(resource.inputs["ecrRepositoryPrefix"]), needs.region_of(resource)
        gone = ("PullThroughCacheRuleNotFoundException",)
        answer = ask(_RULES, region=region, absent=gone, ecrRepositoryPrefixes=[prefix])
        if not answer or not answer["pullThroughCacheRules"]:
            yield ok(f"{prefix} is free")
        elif is_up(needs, ask):
            yield ok(f"{prefix} is there, and so is the stack")
        else:
            yield failure(
                f"{prefix} is cached already, and the stack is not up",
                "`up` cannot make it, and stops half-way",
                "Delete the rule if nobody pulls through it:",
                f"aws ecr delete-pull-through-cache-rule --region {region} --ecr-repository-prefix {prefix}",
            )


@check("Scanning of images", calls=(_SCANNING,))
def scanning(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """Somebody looks into what is pushed: ECR, as each repository says, or Inspector, as the account says."""
    if needs.of(_REPOSITORY):
        configuration = ask(_SCANNING, region=needs.settings.region)["scanningConfiguration"]
        enhanced = configuration.get("scanType") == "ENHANCED"
        yield ok("Amazon Inspector, as the account says" if enhanced else "ECR, at each push")
