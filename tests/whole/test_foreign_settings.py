"""The simulator neither needs nor uses nor changes the user's credentials and files."""

import hashlib
import os

import pytest

pytestmark = pytest.mark.engine


def snapshot(folder):
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_credentials_and_a_secrets_provider_of_the_user_are_neither_used_nor_changed(project, tmp_path):
    stack_file = project.folder / "Pulumi.prod.yaml"
    stack_file.write_text("secretsprovider: awskms://alias/none?region=us-west-2\n" + stack_file.read_text())
    before = stack_file.read_text()
    home = tmp_path / "home"
    (home / ".pulumi").mkdir(parents=True)
    (home / ".pulumi" / "credentials.json").write_text('{"current": "https://pulumi.example.com"}')
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text("[default]\nregion = moon-base-1\n")
    as_it_was = snapshot(home)
    nonsense = {
        "AWS_ACCESS_KEY_ID": "nonsense",
        "AWS_SECRET_ACCESS_KEY": "nonsense",
        "AWS_PROFILE": "nobody",
        "AWS_REGION": "moon-base-1",
        "PULUMI_BACKEND_URL": "https://pulumi.example.com",
        "PULUMI_ACCESS_TOKEN": "nonsense",
    }
    project.pulumi("preview", "--stack", "prod", env={**os.environ, **nonsense, "HOME": str(home)})
    assert stack_file.read_text() == before
    assert snapshot(home) == as_it_was


def test_every_stack_file_becomes_a_stack(project):
    listed = project.pulumi("stack", "ls").stdout
    assert "dev" in listed
    assert "prod" in listed
