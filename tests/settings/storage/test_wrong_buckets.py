"""Invalid buckets: each is refused at the right setting, with the reason, and with advice that works."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from components.core.addon_spec import every_add_on
from settings.core.problems import PathPart
from settings.stack.checks.buckets import BUCKETS_OF_ONE_USER
from settings.storage.buckets import BucketSettings
from tests.settings.stacks import ABSENT, RIGHT, problems, stack

READER = {"namespace": "research", "service_account": "researcher", "mode": "read"}
DATASETS: dict[str, Any] = {"purpose": "datasets", "used_by": [READER]}
SCRATCH: dict[str, Any] = {**DATASETS, "purpose": "scratch"}
BACKUPS: dict[str, Any] = {"purpose": "backups"}


@dataclass(frozen=True)
class Case:
    """bucket: the invalid bucket, under `data`. path: of the problem, in the bucket. words: the reason, and the advice.

    fix: what the advice changes in the bucket; ABSENT removes a key. around: values elsewhere in the stack file.
    """

    bucket: dict[str, Any]
    path: str
    words: tuple[str, str]
    fix: dict[str, Any]
    around: dict[tuple[PathPart, ...], Any] = field(default_factory=dict)


WRONG: dict[str, Case] = {
    "old versions outlive current ones": Case(
        {**DATASETS, "expire_after_days": 10, "old_versions_days": 20},
        "",
        (
            "old_versions_days is 20, but objects expire after 10 days: old versions would be kept longer",
            "Write old_versions_days: 10 or less",
        ),
        {"old_versions_days": 10},
    ),
    "old versions outlive what the purpose expires": Case(
        {**SCRATCH, "old_versions_days": 20},
        "",
        ("objects expire after 7 days, the default for scratch", "or a later expire_after_days."),
        {"expire_after_days": 20},
    ),
    "a lock that outlasts the lifecycle": Case(
        {**BACKUPS, "expire_after_days": 30, "object_lock_days": 90},
        "",
        ("versions are removed permanently after 60 days", "Write object_lock_days: 60 or less"),
        {"object_lock_days": 60},
    ),
    "tiers for objects that expire earlier": Case(
        {**SCRATCH, "intelligent_tiering": True},
        "",
        ("move to a cheaper tier only after 30 days without a read", "Write intelligent_tiering: false"),
        {"intelligent_tiering": False},
    ),
    "a mount without users": Case(
        {**BACKUPS, "mount": True},
        "",
        ("mount is on, but used_by is empty", "or drop mount."),
        {"mount": False},
    ),
    "checkpoints in a mounted bucket": Case(
        {**DATASETS, "purpose": "checkpoints", "mount": True},
        "",
        ("supports neither rename nor append", "Drop mount and use the S3 API"),
        {"mount": False},
    ),
    "the same user twice": Case(
        {**DATASETS, "used_by": [READER, {**READER, "mode": "write"}]},
        "",
        ("used_by[1] names service account researcher of namespace research again", "Keep one of them"),
        {"used_by": [{**READER, "mode": "write"}]},
    ),
    "the service account of every pod": Case(
        {**DATASETS, "used_by": [{**READER, "service_account": "default"}]},
        "used_by[0].service_account",
        ("the service account of every pod that names none", "write its name, for example trainer."),
        {"used_by": [{**READER, "service_account": "trainer"}]},
    ),
    "no service account": Case(
        {**DATASETS, "used_by": [{"namespace": "research"}]},
        "used_by[0].service_account",
        ("is missing", ""),
        {"used_by": [READER]},
    ),
    "a service account that Kubernetes refuses": Case(
        {**DATASETS, "used_by": [{**READER, "service_account": "Trainer"}]},
        "used_by[0].service_account",
        ("'Trainer' is not a service account", "Rename it, for example trainer."),
        {"used_by": [{**READER, "service_account": "trainer"}]},
    ),
    "the service account of an add-on": Case(
        {
            **DATASETS,
            "used_by": [{**READER, "namespace": "kube-system", "service_account": "ebs-csi-controller-sa"}],
        },
        "used_by[0].service_account",
        ("belongs to add-on aws-ebs-csi-driver, which already has a role", "Name the service account of the pods"),
        {"used_by": [{**READER, "namespace": "kube-system", "service_account": "reader"}]},
    ),
    "the service account of a Helm add-on": Case(
        {**DATASETS, "used_by": [{**READER, "namespace": "velero", "service_account": "velero-server"}]},
        "used_by[0].service_account",
        ("belongs to add-on velero, which already has a role", "Name the service account of the pods"),
        {"used_by": [{**READER, "namespace": "velero", "service_account": "reader"}]},
        around={("clusters", "main", "addons", "velero"): {}},
    ),
    "nobody may use it": Case(
        {"purpose": "models"},
        "used_by",
        ("is empty, so no team may use it", "or drop the entry."),
        {"used_by": [READER]},
    ),
    "a copy in the region itself": Case(
        {**DATASETS, "replicate_to": "us-west-2"},
        "replicate_to",
        ("us-west-2 is the region of the stack", "or drop the key."),
        {"replicate_to": ABSENT},
    ),
    "a copy in an unknown region": Case(
        {**DATASETS, "replicate_to": "us-east-9"},
        "replicate_to",
        ("us-east-9 is not an AWS region of the catalog", "Did you mean us-east-"),
        {"replicate_to": "us-east-2"},
    ),
    "a copy in another partition": Case(
        {**DATASETS, "replicate_to": "us-gov-west-1"},
        "replicate_to",
        ("us-gov-west-1 belongs to partition aws-us-gov", "Take for example"),
        {"replicate_to": "us-east-2"},
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_invalid_bucket_is_refused_with_path_reason_and_advice(name):
    case = WRONG[name]
    changes = list(case.around.items())
    (problem,) = problems(stack(*changes, (("storage", "buckets", "data"), case.bucket)))
    assert problem.path == ".".join(filter(None, ("storage.buckets.data", case.path)))
    for words in case.words:
        assert words in problem.message
    fixed = {key: value for key, value in {**case.bucket, **case.fix}.items() if value is not ABSENT}
    assert not problems(stack(*changes, (("storage", "buckets", "data"), fixed))), "the advice must work"


@pytest.mark.parametrize("name", [name for name, add_on in every_add_on().items() if add_on.service_accounts])
def test_a_service_account_of_an_add_on_is_free_only_in_a_cluster_without_the_add_on(name):
    add_on = every_add_on()[name]
    pools = [{**pool, "scaling": "fixed"} for pool in RIGHT["clusters"]["main"]["pools"]]  # none needs the autoscaler
    other = {"version": "1.35", "pools": pools}
    around = ((("clusters", "other"), other), (("clusters", "main", "addons", name), {"enabled": True}))
    for namespace, account in add_on.service_accounts:
        for cluster, refused in (("main", True), ("other", False)):
            user = {"namespace": namespace, "service_account": account, "cluster": cluster}
            found = problems(stack(*around, (("storage", "buckets", "data"), {**DATASETS, "used_by": [user]})))
            assert any(problem.path.endswith("service_account") for problem in found) == refused, (
                "a second association of the service account would fail in the middle of an update"
            )


@pytest.mark.parametrize("name", ["access-logs", "flow-logs", "velero-main"])
def test_a_bucket_cannot_have_the_name_of_a_bucket_of_the_platform(name):
    (problem,) = problems(stack((("storage", "buckets", name), DATASETS)))
    assert problem.message.endswith("a bucket that the platform makes itself. Rename it.")


def test_a_service_account_can_use_only_as_many_buckets_as_fit_into_its_role():
    many = {f"data-{number}": DATASETS for number in range(BUCKETS_OF_ONE_USER + 2)}
    (problem,) = problems(stack((("storage", "buckets"), many)))
    assert problem.path == f"storage.buckets.data-{BUCKETS_OF_ONE_USER}.used_by[0]"
    assert problem.message.endswith("or use another service account for some of the pods.")
    fewer = dict(list(many.items())[:BUCKETS_OF_ONE_USER])
    assert not problems(stack((("storage", "buckets"), fewer)))


def test_every_mistake_in_the_days_of_a_bucket_is_reported_at_once():
    wrong = {**SCRATCH, "old_versions_days": 90, "object_lock_days": 365, "intelligent_tiering": True}
    assert len(problems(stack((("storage", "buckets", "data"), wrong)))) == 3


@pytest.mark.parametrize(
    ("purpose", "expires", "old", "tiered"),
    [
        ("datasets", None, 30, True),
        ("models", None, 30, True),
        ("artifacts", None, 30, True),
        ("checkpoints", 30, 30, False),
        ("scratch", 7, 7, False),
        ("logs", 365, 30, False),
        ("shared", None, 30, False),
        ("backups", None, 30, False),
    ],
)
def test_the_lifecycle_of_objects_follows_from_the_purpose(purpose, expires, old, tiered):
    bucket = BucketSettings(purpose=purpose)
    assert (bucket.expires, bucket.old_versions, bucket.tiered) == (expires, old, tiered)


def test_datasets_that_expire_before_they_could_move_are_not_tiered():
    assert not BucketSettings(purpose="datasets", expire_after_days=14).tiered
