"""Jobs and CronJobs.

Source: pkg/apis/batch/validation/validation.go of Kubernetes 1.35.4 and github.com/robfig/cron v3.0.1, read in November
2026.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from zoneinfo import available_timezones

from simulator.kubernetes.meaning import formats
from simulator.kubernetes.meaning.node import Findings, Node
from simulator.kubernetes.meaning.pods import template_findings
from simulator.kubernetes.meaning.selectors import label_findings
from simulator.kubernetes.schema import Finding
from simulator.values import UNKNOWN

_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}
_DAYS = {name: number for number, name in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])}
_FIELDS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, _MONTHS),
    (0, 6, _DAYS),
)
_WORDS = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})
_ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
_MOST_IN_CRON_JOB = 52
_MOST_RULES, _MOST_CODES = 20, 255
_MOST_INDEXES, _MOST_AT_ONCE = 100_000, 10_000  # the second holds for retries of more indexes than the first


def job_findings(job: Node) -> Findings:
    """Yields the mistakes in a Job."""
    spec, name = job["spec"], job.at("metadata", "name")
    if isinstance(spec.value, Mapping) and not spec.has("completions", "parallelism"):
        spec = Node({**spec.value, "completions": 1}, spec.path)  # the API server's default
    yield from spec_findings(spec)
    selector = spec["selector"]
    if spec["manualSelector"].value in (None, False):
        if isinstance(selector.value, dict):
            yield selector.invalid("`selector` not auto-generated")
        # The API server labels the pods with the name of the job.
        yield from label_findings(Node({"batch.kubernetes.io/job-name": name.text}, "spec.template.labels"))
    completions = spec["completions"].number or 0
    if name.text and spec["completionMode"].text == "Indexed" and completions > 0:
        longest = f"{name.text}-{completions - 1}"
        for why in formats.label(longest):
            yield name.invalid(f"will not able to create pod with invalid DNS label: {longest}: {why}")


def spec_findings(spec: Node) -> Findings:
    """Yields the mistakes in the spec of a Job."""
    for name in (
        *("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"),
        *("backoffLimitPerIndex", "maxFailedIndexes"),
    ):
        yield from spec[name].must_be_at_least(0)
    mode = spec["completionMode"]
    yield from mode.must_be("NonIndexed", "Indexed")
    if mode.value in (None, "NonIndexed"):
        for each in spec.has("backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"):
            yield each.invalid("requires indexed completion mode")
    elif mode.text == "Indexed":
        yield from _index_findings(spec)
        yield from _success_findings(spec)
    if spec["maxFailedIndexes"].is_set:
        yield from spec["backoffLimitPerIndex"].must_be_set("when maxFailedIndexes is specified")
    yield from spec["managedBy"].must_match(formats.domain_path)
    replacement = spec["podReplacementPolicy"]
    yield from replacement.must_be(
        *(("Failed",) if spec["podFailurePolicy"].is_set else ("Failed", "TerminatingOrFailed"))
    )
    restart = spec.at("template", "spec", "restartPolicy")
    if restart.value in (None, "", "Always"):
        yield restart.required('valid values: "OnFailure", "Never"')
    if spec["podFailurePolicy"].is_set:
        if restart.text not in (None, "Never"):
            yield restart.invalid('only "Never" is supported when podFailurePolicy is specified')
        yield from _failure_findings(spec)
    yield from template_findings(spec["template"])


def _index_findings(spec: Node) -> Findings:
    completions, failed, parallelism = spec["completions"], spec["maxFailedIndexes"], spec["parallelism"]
    yield from completions.must_be_set("when completion mode is Indexed")
    yield from _at_most(parallelism, _MOST_INDEXES, " when completion mode is Indexed")
    if None not in (completions.number, failed.number) and failed.value > completions.value:
        yield failed.invalid("must be less than or equal to completions")
    yield from _at_most(failed, _MOST_INDEXES)
    if (completions.number or 0) > _MOST_INDEXES and spec["backoffLimitPerIndex"].is_set:
        yield from failed.must_be_set(f"must be specified when completions is above {_MOST_INDEXES}")
        for each in (parallelism, failed):
            why = f" when completions are above {_MOST_INDEXES} and used with backoff limit per index"
            yield from _at_most(each, _MOST_AT_ONCE, why)


def _at_most(node: Node, most: int, why: str = "") -> Findings:
    if node.number is not None and node.number > most:
        yield node.invalid(f"must be less than or equal to {most}{why}")


def _success_findings(spec: Node) -> Findings:
    rules, completions = spec["successPolicy"]["rules"], spec["completions"].number
    if spec["successPolicy"].is_set:
        yield from rules.must_be_set("at least one rules must be specified when the successPolicy is specified")
    yield from _not_too_many(rules, _MOST_RULES)
    for rule in rules.items:
        count, indexes, total = rule["succeededCount"], rule["succeededIndexes"], None
        if not rule.has("succeededCount", "succeededIndexes"):
            yield rule.required("at least one of succeededCount or succeededIndexes must be specified")
        yield from count.must_be_at_least(0)
        if completions is None:
            continue
        if isinstance(indexes.value, str):
            try:
                total = _counted(indexes.value, completions)
            except ValueError as error:
                yield indexes.invalid(f"error parsing succeededIndexes: {error}")
                total = 0
        yield from _at_most(count, completions, " (the number of specified completions)")
        if total is not None:
            yield from _at_most(count, total, " (the number of indexes in the specified succeededIndexes field)")


def _counted(text: str, completions: int) -> int:
    """Returns how many indexes there are in a text such as "0-3,7"; raises ValueError in the API server's words."""
    total, last = 0, None
    for interval in text.split(",") if text else ():
        ends = interval.split("-")
        if len(ends) > 2:
            raise ValueError(
                f"the fragment {json.dumps(interval)} violates the requirement that an index interval can have at most "
                "two parts separated by '-'"
            )
        for end in ends:
            if not end.isdecimal():
                raise ValueError(f"cannot convert string to integer for index: {json.dumps(end)}")
            if int(end) >= completions:
                raise ValueError(f"too large index: {json.dumps(end)}")
        numbers = [int(end) for end in ends]
        for number in numbers:
            if last is not None and last >= number:
                raise ValueError(f"non-increasing order, previous: {last}, current: {number}")
            last = number
        total += numbers[-1] - numbers[0] + 1
    return total


def _not_too_many(listed: Node, most: int) -> Findings:
    if isinstance(listed.value, list) and len(listed.value) > most:
        yield Finding(listed.path, f"Too many: {len(listed.value)}: must have at most {most} items")


def _failure_findings(spec: Node) -> Findings:
    pod = spec["template"]["spec"]
    names = [pod[kind].texts("name") for kind in ("containers", "initContainers")]
    rules = spec["podFailurePolicy"]["rules"]
    yield from _not_too_many(rules, _MOST_RULES)
    for rule in rules.items:
        yield from rule["action"].must_be(*_ACTIONS)
        if rule["action"].text == "FailIndex" and not spec["backoffLimitPerIndex"].is_set:
            yield rule["action"].invalid("requires the backoffLimitPerIndex to be set")
        codes, conditions = rule["onExitCodes"], rule["onPodConditions"]
        if not codes.is_set and conditions.is_empty:
            yield Node(None, rule.path).invalid("specifying one of OnExitCodes and OnPodConditions is required")
        if codes.is_set and not conditions.is_empty:
            yield Node(None, rule.path).invalid("specifying both OnExitCodes and OnPodConditions is not supported")
        container = codes["containerName"]
        if (
            container.text
            and None not in names
            and not any(container.text in each for each in names if each is not None)
        ):
            yield container.invalid("must be one of the container or initContainer names in the pod template")
        yield from codes["operator"].must_be("In", "NotIn")
        yield from _code_findings(codes) if codes.is_set else ()


def _code_findings(codes: Node) -> Findings:
    values, seen = codes["values"], list[int]()
    if values.is_empty:
        yield values.invalid("at least one value is required")
    yield from _not_too_many(values, _MOST_CODES)
    for value in values.items:
        if value.number == 0 and codes["operator"].text == "In":
            yield value.invalid("must not be 0 for the In operator")
        if value.number in seen:
            yield value.duplicate()
        if value.number is not None:
            seen.append(value.number)
    if seen != sorted(seen):
        yield values.invalid("must be ordered")


def cron_job_findings(cron_job: Node) -> Findings:
    """Yields the mistakes in a CronJob."""
    spec, name = cron_job["spec"], cron_job.at("metadata", "name")
    yield from name.must_match(formats.at_most(_MOST_IN_CRON_JOB))
    schedule, zone = spec["schedule"], spec["timeZone"]
    yield from schedule.must_be_set()
    if schedule.text:
        if "TZ" in schedule.text:
            yield schedule.invalid("cannot use TZ or CRON_TZ in schedule, use timeZone field instead")
        else:
            for why in _schedule_mistakes(schedule.text):
                yield schedule.invalid(why)
                break
    if zone.text and zone.text not in _zones():
        yield zone.invalid(f"unknown time zone {zone.text}")
    yield from spec["concurrencyPolicy"].must_be("Allow", "Forbid", "Replace")
    for each in ("startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        yield from spec[each].must_be_at_least(0)
    template = spec.at("jobTemplate", "spec")
    if template.value not in (None, UNKNOWN):
        yield from spec_findings(template)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _schedule_mistakes(text: str) -> Iterator[str]:
    if text.startswith("@"):
        if text not in _WORDS and not re.fullmatch(r"@every (\d+(\.\d+)?(ns|us|ms|s|m|h))+", text):
            yield f"unrecognized descriptor: {text}"
        return
    fields = text.split()
    if len(fields) != len(_FIELDS):
        yield f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]"
        return
    for field, (least, most, names) in zip(fields, _FIELDS, strict=True):
        for part in field.split(","):
            yield from _part_mistakes(part, least, most, names)


def _part_mistakes(part: str, least: int, most: int, names: dict[str, int]) -> Iterator[str]:
    range_, _, step = part.partition("/")
    if step and not step.isdigit():
        yield f'failed to parse int from {step}: strconv.Atoi: parsing "{step}": invalid syntax'
    elif step and int(step) == 0:
        yield f"step of range should be a positive number: {part}"
    if range_ in ("*", "?"):
        return
    ends = range_.split("-")
    numbers = []
    for end in ends:
        number = names.get(end.lower(), int(end) if end.isdigit() else None)
        if number is None:
            yield f'failed to parse int from {end}: strconv.Atoi: parsing "{end}": invalid syntax'
            return
        numbers.append(number)
    if len(numbers) > 2:
        yield f"too many hyphens: {part}"
    if numbers[0] < least:
        yield f"beginning of range ({numbers[0]}) below minimum ({least}): {part}"
    elif numbers[-1] > most:
        yield f"end of range ({numbers[-1]}) above maximum ({most}): {part}"
    elif numbers[0] > numbers[-1]:
        yield f"beginning of range ({numbers[0]}) beyond end of range ({numbers[-1]}): {part}"
