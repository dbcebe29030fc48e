"""The runbooks: every command can be typed, every manifest is one that a cluster takes, every name is ours."""

import json
import re
import shutil
import subprocess

import kubernetes_validate
import pytest
import yaml

from components.storage.recovery.backup import vault_name
from report.recovery import RUNBOOKS
from report.simulated import ROOT
from tests.components.stacks import stage

FOLDER = ROOT / "docs" / "runbooks"
PAGES = {str(page.relative_to(FOLDER)): page.read_text() for page in sorted(FOLDER.rglob("*.md"))}
BLOCKS = [
    (f"{name}, block {number}", text)
    for name, page in PAGES.items()
    for number, text in enumerate(re.findall(r"```sh\n(.*?)```", page, re.DOTALL), 1)
]
MANIFESTS = [
    (f"{place}: {document['kind']}", document)
    for place, text in BLOCKS
    for body in re.findall(r"<<EOF\n(.*?)^EOF$", text, re.DOTALL | re.MULTILINE)
    for document in yaml.safe_load_all(body)
]
METADATA = [
    (place, body) for place, text in BLOCKS for body in re.findall(r'--metadata "(\{.*?\})"\)', text, re.DOTALL)
]


def test_there_is_one_for_whatever_holds_data():
    assert {f"docs/runbooks/{name}" for name in PAGES} == {
        *RUNBOOKS.values(),
        "docs/runbooks/storage/restore-volume.md",
    }
    assert len(BLOCKS) > 20
    assert len(MANIFESTS) >= 7
    assert len(METADATA) >= 3


@pytest.mark.parametrize("text", [text for _, text in BLOCKS], ids=[place for place, _ in BLOCKS])
def test_a_shell_understands_every_block(text):
    bash = shutil.which("bash")
    assert bash, "runbooks are written for bash"
    told = subprocess.run([bash, "-n"], input=text, text=True, capture_output=True, check=False)
    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize("manifest", [body for _, body in MANIFESTS], ids=[place for place, _ in MANIFESTS])
def test_a_cluster_takes_every_manifest(manifest):
    kubernetes_validate.validate(manifest, "1.35", strict=True)


@pytest.mark.parametrize("body", [body for _, body in METADATA], ids=[place for place, _ in METADATA])
def test_what_a_restore_is_told_is_a_map_of_texts(body):
    metadata = json.loads(body.replace('\\\\\\"', "\x00").replace('\\"', '"').replace("\x00", '\\"'))
    assert all(isinstance(value, str) for value in metadata.values()), "AWS Backup takes nothing else"


@pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))
def test_vaults_are_named_as_they_are(page):
    assert f"VAULT={vault_name(stage())}\n" in page
    assert vault_name(stage(), copies=True).endswith("-backup-copies")
    assert "ends in `-backup-copies`" in page


@pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))
def test_a_restore_ends_with_a_look_at_what_came_back(page):
    last = page[page.rindex("\n## ") :]
    assert "Look whether it is whole" in page
    assert "kubectl" in last or "aws s3" in last
