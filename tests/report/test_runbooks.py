"""The runbooks: shell blocks have valid syntax, manifests are valid, and names match the stack."""

import json
import re
import shutil
import subprocess
from string import Template

import kubernetes_validate
import pytest
import yaml

from components.core.addon_spec import every_add_on
from components.storage.file_system import file_system_policy
from components.storage.recovery.backup import vault_name
from report.recovery import RUNBOOKS
from report.simulated import ROOT
from tests.components.cluster.test_hooks_at_destroy import jobs_at_destroy
from tests.components.stacks import stage
from tests.simulator.kubernetes.bench import bench
from tests.simulator.kubernetes.test_file_mounts import POINT, ROLE, SYSTEM, guard, install_with_role

FOLDER = ROOT / "docs" / "runbooks"
PAGES = {str(page.relative_to(FOLDER)): page.read_text() for page in sorted(FOLDER.rglob("*.md"))}
RESTORES = {name: page for name, page in PAGES.items() if "/restore-" in name}
BLOCKS = [
    (f"{name}, block {number}", text)
    for name, page in PAGES.items()
    for number, text in enumerate(re.findall(r"```sh\n(.*?)```", page, re.DOTALL), 1)
]
MANIFESTS = [
    (f"{block}: {document['kind']}", document)
    for block, text in BLOCKS
    for body in re.findall(r"<<EOF\n(.*?)^EOF$", text, re.DOTALL | re.MULTILINE)
    for document in yaml.safe_load_all(body)
]
METADATA = [
    (block, body) for block, text in BLOCKS for body in re.findall(r'--metadata "(\{.*?\})"\)', text, re.DOTALL)
]


def test_there_is_a_runbook_for_everything_that_holds_data_and_for_what_stops_half_way():
    assert {f"docs/runbooks/{name}" for name in PAGES if not name.startswith("alerts/")} == {
        *RUNBOOKS.values(),
        "docs/runbooks/storage/restore-volume.md",
        "docs/runbooks/cluster/cluster-would-be-replaced.md",
        "docs/runbooks/cluster/failed-node-group.md",
        "docs/runbooks/cluster/node-starts-no-pod.md",
        "docs/runbooks/cluster/destroy-waits-for-a-hook.md",
        "docs/runbooks/cluster/kyverno-refuses-everything.md",
        "docs/runbooks/stack/interrupted-up.md",
    }
    assert len(BLOCKS) > 20
    assert len(MANIFESTS) >= 7
    assert len(METADATA) >= 3


@pytest.mark.parametrize("text", [text for _, text in BLOCKS], ids=[block for block, _ in BLOCKS])
def test_every_shell_block_has_valid_syntax(text):
    bash = shutil.which("bash")
    assert bash, "runbooks are written for bash"
    syntax_check = subprocess.run([bash, "-n"], input=text, text=True, capture_output=True, check=False)
    assert syntax_check.returncode == 0, syntax_check.stderr


@pytest.mark.parametrize("manifest", [body for _, body in MANIFESTS], ids=[name for name, _ in MANIFESTS])
def test_every_manifest_is_valid(manifest):
    kubernetes_validate.validate(manifest, "1.35", strict=True)


def test_each_volume_of_efs_on_a_page_is_mounted_where_the_file_system_asks_by_iam(tmp_path):
    """The default, and on the day that files are lost nobody looks for a mount option."""
    cluster = bench(tmp_path)
    install_with_role(cluster)
    guard(cluster, file_system_policy(stage(), [], [ROLE]))
    judged = []
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for body in re.findall(r"(?:<<EOF|```yaml)\n(.*?)^(?:EOF|```)$", page.read_text(), re.DOTALL | re.MULTILINE):
            text = Template(body).safe_substitute(NAMESPACE="research", FS=SYSTEM, RESTORED=SYSTEM, TEMPORARY=POINT)
            for number, each in enumerate(yaml.safe_load_all(text)):
                if isinstance(each, dict) and "efs.csi.aws.com" in str(each) and each.get("kind") == "PersistentVolume":
                    each["metadata"]["name"] += str(number)
                    cluster.make(each)
                    judged.append(page.name)
    assert "restore-file-system.md" in judged, "a loop with nothing to loop over shows nothing"


@pytest.mark.parametrize("body", [body for _, body in METADATA], ids=[block for block, _ in METADATA])
def test_the_metadata_of_a_restore_is_a_map_of_strings(body):
    metadata = json.loads(body.replace('\\\\\\"', "\x00").replace('\\"', '"').replace("\x00", '\\"'))
    assert all(isinstance(value, str) for value in metadata.values()), "AWS Backup accepts only strings"


@pytest.mark.parametrize("page", RESTORES.values(), ids=list(RESTORES))
def test_vaults_have_the_names_of_the_stack(page):
    assert f"VAULT={vault_name(stage())}\n" in page
    assert vault_name(stage(), copies=True).endswith("-backup-copies")
    assert "name ends in `-backup-copies`" in page


@pytest.mark.parametrize(
    "page", [page for page in PAGES.values() if "--resource-type EKS" in page], ids=lambda page: page.split("\n")[0]
)
def test_restored_volumes_get_the_tags_that_the_ebs_driver_asks_for(page):
    assert "--copy-source-tags-to-restored-resource --resource-type EKS" in page
    cluster = stage().cluster_name("main")
    assert f"Key=ebs.csi.aws.com/cluster,Value=true Key=ebs.csi.aws.com/cluster-name,Value={cluster}" in page


@pytest.mark.parametrize("page", RESTORES.values(), ids=list(RESTORES))
def test_a_restore_ends_with_a_check(page):
    last = page[page.rindex("\n## ") :]
    assert "Check the result" in page
    assert "kubectl" in last or "aws s3" in last


def test_the_runbook_of_hooks_has_every_job_that_runs_at_destroy():
    page = PAGES["cluster/destroy-waits-for-a-hook.md"]
    jobs = {(name, job.removeprefix("*")) for name in every_add_on() for job, _, _ in jobs_at_destroy(name)}
    assert len(jobs) >= 3
    for name, job in jobs:
        assert re.search(rf"^\| {name} \| `[\w-]*{job}`", page, re.MULTILINE), f"{name}: {job}"
