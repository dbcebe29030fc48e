"""What the patterns of IAM match: a few names, or a good part of all names, however many patterns say it together.

Source: IAM user guide, "IAM JSON policy elements: Resource" and "IAM ARNs"; read 2026-11.
"""

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import cycle
from string import ascii_letters, digits

_PLAIN = frozenset({"s3", "sqs", "sns", "codecommit", "codepipeline", "execute-api"})
"""Services whose ARNs end in a name alone; those of the others have a kind before it, such as `role/`."""
_ENDS = ("ata-loader", "race", "pi-gateway-01", "ode_Runner", "lex-store", "ebhook-sender", "rain", "ops-eu-2", "q.v2")
_NAMES = [first + end for first, end in zip(ascii_letters + digits, cycle(_ENDS), strict=False)]
_SAMPLES = (
    *(_NAMES, [f"{name[0]}c0ffee1-2b3d-4a5f-8e6b-7d9a0c1e2f34" for name in _NAMES]),
    *([f"{name}-Ab3dEf" for name in _NAMES], [f"/{name}/{name}" for name in _NAMES]),
    *([sign.join([name] * count) for name in _NAMES] for sign, count in (("/", 2), (":", 2), ("/", 3))),
)
"""Names of many beginnings and characters, and what stands around names in ARNs."""
_TWO_WORDS = re.compile(
    r"autoScalingGroup:[*?]*:autoScalingGroupName/|(loadbalancer|listener(-rule)?)/(app|net|gwy)/", re.IGNORECASE
)
_MANY = 1 / 8
_EC2_ID = re.compile(r"(i|vol|snap|ami|lt|sg|subnet|vpc|eni|rtb|fleet)-(?=[*?])")


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    first, *rest = ("".join("." if sign == "?" else re.escape(sign) for sign in part) for part in pattern.split("*"))
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1])  # atomic: no pattern takes longer than its text
    return re.compile(first + middle + "".join(f".*{last}" for last in rest[-1:]), re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Tells whether a pattern of IAM, with * and ?, matches the whole text."""
    return _compiled(pattern).fullmatch(text) is not None


def has_wildcard(pattern: str) -> bool:
    """Tells whether the pattern has * or ?."""
    return "*" in pattern or "?" in pattern


def _match_many(patterns: Collection[str]) -> bool:
    return any(
        sum(any(matches(pattern, name) for pattern in patterns) for name in names) >= _MANY * len(names)
        for names in _SAMPLES
    )


def are_wide(arns: Iterable[str]) -> bool:
    """Tells whether patterns of ARNs together match a good part of all resources of some kind.

    What is before the name must be written out: a wildcard there matches other kinds too.
    """
    by_kind: dict[tuple[str, str], set[str]] = {}
    for arn in filter(has_wildcard, arns):
        parts = arn.split(":", 5)
        if len(parts) < 6:
            return True
        service, rest = parts[2], parts[5]
        kind = _TWO_WORDS.match(rest) or re.match("" if service in _PLAIN else r"[\w.-]*[/:]", rest)
        if kind is None:
            if has_wildcard(rest):
                return True
        elif has_wildcard(name := rest[kind.end() :]):
            name = _EC2_ID.sub("", name) if service == "ec2" else name
            by_kind.setdefault((service, kind[0]), set()).add(name)
    return any(map(_match_many, by_kind.values()))


def is_fixed(values: Collection[str]) -> bool:
    """Tells whether the values of a condition are names, or begin with at least three characters of one."""
    arns = [value for value in values if value.startswith("arn:")]
    return (
        bool(values)
        and not are_wide(arns)
        and all(re.match(r"[^*?]{3}|[^*?]+$", value) for value in values if value not in arns)
    )
