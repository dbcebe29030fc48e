"""A key that is deleted can be taken back for weeks."""

from collections.abc import Iterator

from policies.rule import Case, Option, Resource, Rule, number

KINDS = tuple(f"aws:kms/{each}" for each in ("key:Key", "externalKey:ExternalKey", "replicaKey:ReplicaKey"))
PATH = "deletionWindowInDays"
AWS_DEFAULT = 30


def check(resource: Resource, *, days: float) -> Iterator[tuple[str, str]]:
    window = number(resource, PATH, AWS_DEFAULT)
    if window is not None and window < days:
        yield PATH, f"is {window:g}, less than {days:g}: what the key encrypts is gone when nobody notices until then"


RULE = Rule(
    id="kms-deletion-window",
    applies_to=KINDS,
    severity="medium",
    standards=("FSBP KMS.3",),
    why="Deleting a key deletes all that it encrypts, backups included.",
    fix="Leave 14 days or more.",
    mend={"deletionWindowInDays": 30},
    stack_file={"keys.deletion_window_days": 30},
    dev="disabled",
    staging="advisory",
    options={
        "days": Option("The least days until a deleted key is gone.", 14, {"dev": 7, "staging": 7}, stricter="more")
    },
    check=check,
    good={"nothing set, so AWS waits for 30 days": {}, "two weeks": {PATH: 14}},
    bad={"a week": Case({PATH: 7}, at=PATH), **{kind: Case({PATH: 13}, type=kind, at=PATH) for kind in KINDS}},
)
