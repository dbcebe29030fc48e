"""Teams of a stack that is up: what comes and goes with them, and what is never shown. The tests run in this order."""

import json
from contextlib import closing

import pytest

from report import write
from simulator.cloud import Cloud
from simulator.kubernetes.clusters import EKS_CLUSTER, cluster_of
from tests.settings.tenancy.test_wrong_signatures import PUBLIC
from tests.whole.edits import Edit, make, rows
from tests.whole.live import GONE, Live, live
from tests.whole.shown import SECRET, shown

pytestmark = pytest.mark.engine

SIGNED = {  # from the first `up` to the destroy
    "teams.research.repositories": ["trainer"],
    "admission": {
        "kyverno": {},
        "signatures": {
            "images": ["123456789012.dkr.ecr.us-west-2.amazonaws.com/ml-platform-dev/research/*"],
            "keys": [PUBLIC],
        },
    },
}
CANARY = "can4ry-7f3a9c2e5b8d1046"
PERSON = "arn:aws:iam::123456789012:role/ml-guests"
GUESTS = {
    "name": "guests",
    "namespaces": ["guests"],
    "members": {"people": {"principal_arn": PERSON, "role": "viewer"}},
    "quota": {"guests": {"cpu": 8, "memory_gib": 32}},
    "priority": "experiments",
    "secrets": {"key": {"keys": ["value"]}},
}
EDITS = {
    "a team more": Edit({"teams.guests": GUESTS}),
    "one of its people is also in another team": Edit(
        {"teams.research.members.guests": {"principal_arn": PERSON, "role": "data-scientist"}}
    ),
    "a larger quota": Edit({"teams.guests.quota.guests.cpu": 16}),
    "a generated password": Edit({"teams.guests.secrets.session": {"keys": ["password"], "filled": "generated"}}),
    "a secret goes": Edit({"teams.guests.secrets.key": GONE}),
    "a lower priority": Edit({"teams.serving.priority": "agents"}),
    "images are refused, not only warned of": Edit({"admission.mode": "deny", "admission.signatures.mode": "deny"}),
    "a budget": Edit({"teams.research.budget": {"monthly_usd": 100, "notify": ["research@example.com"]}}),
    "a namespace goes to another team": Edit({"teams.guests.name": "visitors"}),
    "a port is open to another team, and before its policies a pod reaches nobody": Edit(
        {
            "teams.visitors.network": {"open": [{"namespace": "guests", "ports": [8080], "callers": ["inference"]}]},
            "isolation.mode": "strict",
        }
    ),
    "the team leaves": Edit({"teams.visitors": GONE, "teams.research.members.guests": GONE}),
    "isolation goes": Edit({"isolation": GONE}),
    "a team leaves what storage names": Edit({"teams.research": GONE}, refused="research of main loses its team"),
}


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Live:
    return live(tmp_path_factory.mktemp("dev") / "project", "dev", SIGNED)


def test_what_people_fill_in_is_shown_nowhere(dev: Live) -> None:
    with closing(Cloud(dev.cloud)) as cloud:
        (secret,) = cloud.of_type("aws:secretsmanager/secret:Secret")
        version = {"secretId": secret.id, "secretString": json.dumps({"token": CANARY}), "region": secret.region}
        cloud.put("aws:secretsmanager/secretVersion:SecretVersion", f"{secret.id}|1", version)
        made = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "hub-token", "namespace": "research"}}
        cluster_of(cloud, cloud.of_type(EKS_CLUSTER)[0]).put({**made, "data": {"token": CANARY}}, "research")
        text = shown(dev)
        cloud.delete("aws:secretsmanager/secretVersion:SecretVersion", f"{secret.id}|1")
    assert "hub-token" in text, "the search looks where secrets are named"
    assert CANARY not in text
    assert not SECRET.search(text)


def test_what_is_planted_in_the_stack_file_is_found(dev: Live) -> None:
    before = dev.file.read_text()
    dev.change({"owner": CANARY, "cost_center": "AKIAABCDEFGHIJKLMNOP"})
    text = dev.engine.pulumi("preview", "--diff")
    dev.file.write_text(before)
    assert CANARY in "\n".join([text.said, *text.events])
    assert SECRET.search("\n".join(text.events))


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_no_page_of_the_report_has_a_secret(stack: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "BUILD", tmp_path)
    assert write.write(stack) == 0
    pages = {path.name: path.read_text() for path in (tmp_path / stack).iterdir()}
    assert "access.md" in pages
    assert not [name for name, text in pages.items() if SECRET.search(text)]


@pytest.mark.parametrize("edit", rows(EDITS))
def test_an_edit_does_what_its_preview_showed(dev: Live, edit: Edit) -> None:
    make(dev, edit)


def test_nothing_of_teams_is_left_after_a_destroy(dev: Live) -> None:
    dev.run("destroy", "--yes", "--skip-preview")
    with closing(Cloud(dev.cloud)) as cloud:
        assert [row.id for row in cloud.all()] == []
