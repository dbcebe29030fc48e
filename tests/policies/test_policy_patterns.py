"""What patterns of ARNs and values of conditions match: a few names, or a good part of all."""

import re
import time

import pytest

from policies.patterns import are_wide, has_wildcard, is_fixed, matches

IAM = "arn:aws:iam::111122223333:"
LETTERS = "abcdefgh"
KINDS = {"role": "abc", "user": "def", "group": "ghi"}
WIDE = (
    *(["*"], ["arn:*"], ["arn:aws:*:*:*:*"], ["arn:aws:iam::*"], ["arn:aws:logs:*:*:*"]),
    *([f"{IAM}{name}"] for name in ("role/*", "role/?*", "role/*/*", "role*", "r*", "*ole/*", "role/*a*", "role/*-*")),
    [f"{IAM}role/{each}*" for each in LETTERS],
    [f"{IAM}role/one", f"{IAM}user/*"],
    *([f"arn:aws:s3:::{name}"] for name in ("*", "*/*", "?*/?*", "*-*")),
    *([f"arn:aws:{service}:us-west-2:111122223333:*"] for service in ("sqs", "sns", "codecommit", "codepipeline")),
    ["arn:aws:execute-api:us-west-2:111122223333:*/*/*"],
    *(
        [f"arn:aws:kms:*:111122223333:key/{name}"]
        for name in ("*", "*-*-*-*-*", "????????-????-????-????-????????????")
    ),
    *(
        [f"arn:aws:secretsmanager:*:*:{name}"]
        for name in ("secret:*", "secret*", "secret:*-??????", "secret:?*-??????")
    ),
    *([f"arn:aws:ssm:*:*:{name}"] for name in ("parameter/*", "parameter*", "parameter/*/*/*", "*")),
    *([f"arn:aws:logs:*:*:log-group:{name}"] for name in ("*", "*:*", "/*", "/*/*")),
    *([f"arn:aws:ec2:*:*:{name}"] for name in ("instance/*", "instance/i-*", "volume/vol-*")),
    ["arn:aws:eks:*:*:nodegroup/*/*/*"],
)
NARROW = (
    *([], ["arn:aws:s3:::data"], ["not an arn"], [f"{IAM}role/nodes", f"{IAM}role/a*"]),
    *([f"{IAM}role/{name}"] for name in ("ml-platform-*", "*-deployer", "aws-service-role/*", "a*", "team/*", "node?")),
    [f"{IAM}role/{each}*" for each in LETTERS[:3]],
    [f"{IAM}{kind}/{each}*" for kind, letters in KINDS.items() for each in letters],
    [f"arn:aws:{service}:us-west-2:1:role/{each}*" for service, letters in KINDS.items() for each in letters],
    *([f"arn:aws:s3:::{name}"] for name in ("data/*", "data-*", "data/team/*", "data-*/*")),
    *([f"arn:aws:{service}:us-west-2:1:team-*"] for service in ("sqs", "sns", "codecommit", "codepipeline")),
    ["arn:aws:execute-api:us-west-2:111122223333:abcdef/*"],
    *(["arn:aws:kms:*:111122223333:key/0f*"], ["arn:aws:secretsmanager:*:*:secret:team/*"]),
    *([f"arn:aws:ec2:*:*:{name}"] for name in ("instance/i-0abc*", "key-pair/team-*")),
    *(["arn:aws:eks:*:*:nodegroup/ours/*/*"], ["arn:aws:ecs:*:*:task/i-*"], ["arn:aws:iam::*:role/nodes"]),
)


@pytest.mark.parametrize("arns", WIDE, ids=lambda arns: arns[0])
def test_patterns_that_match_a_good_part_of_all_resources_are_wide(arns: list[str]) -> None:
    assert are_wide(arns)


@pytest.mark.parametrize("arns", NARROW, ids=lambda arns: arns[0] if arns else "none")
def test_patterns_that_match_a_few_names_are_narrow(arns: list[str]) -> None:
    assert not are_wide(arns)


@pytest.mark.parametrize(
    "values", [["a"], ["owned", "shared"], ["tea*"], ["arn:aws:ecs:us-west-2:1:cluster/a"], ["a", "arn:aws:s3:::b"]]
)
def test_names_and_their_beginnings_are_fixed_values(values: list[str]) -> None:
    assert is_fixed(values)


@pytest.mark.parametrize("values", [[], [""], ["*"], ["te*"], ["??*"], ["a", "*"], ["arn:aws:ecs:*:*:cluster/*", "a"]])
def test_what_matches_almost_everything_is_no_fixed_value(values: list[str]) -> None:
    assert not is_fixed(values)


@pytest.mark.parametrize(
    "pattern", ["", "a", "*", "?", "a*", "*a", "a*b", "a*b*c", "*a*a*b", "a?c*", "**", "a.c", "a*\n"]
)
@pytest.mark.parametrize("text", ["", "a", "b", "ab", "abc", "aab", "aabab", "abcbc", "a\nb", "a.c", "a\n"])
def test_a_pattern_matches_what_its_wildcards_stand_for(pattern: str, text: str) -> None:
    plain = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    assert matches(pattern, text) == bool(re.fullmatch(plain, text, re.DOTALL))
    assert has_wildcard(pattern) == (plain != re.escape(pattern))


def test_no_pattern_takes_long() -> None:
    started = time.process_time()
    assert not matches(f"{'*a' * 200}b", f"{'a' * 5000}c")
    assert time.process_time() - started < 1
