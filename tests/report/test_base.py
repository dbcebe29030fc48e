"""The base of a change and its cache, with a small repository and a fake engine."""

import ast
import subprocess
import tarfile
import threading
from types import SimpleNamespace

import pytest

from report import base
from report.base import PROGRAM
from report.simulated import ROOT, Finished, ReportError, Simulated
from tests.report.logs import summary

FILES = {
    "__main__.py": "1",
    "Pulumi.yaml": "name: p",
    "Pulumi.dev.yaml": "config: {}",
    "Pulumi.prod.yaml": "config: {}",
    "settings/sizes.py": "1",
    "docs/page.md": "1",
    "simulator/rules.py": "1",
}


class Repository:
    """A repository whose stack is up as soon as the engine has been asked. refused: what the engine says instead."""

    def __init__(self, root) -> None:
        self.root, self.refused = root, ""
        self.ups: list[str] = []
        self._git("init", "--quiet")
        self.commit(FILES)

    def commit(self, files) -> str:
        self.write(files)
        self._git("add", "--all")
        self._git("-c", "user.name=n", "-c", "user.email=e@example.com", "commit", "--quiet", "--message=m")
        return self._git("rev-parse", "HEAD").strip()

    def write(self, files) -> None:
        for name, text in files.items():
            (self.root / name).parent.mkdir(exist_ok=True)
            (self.root / name).write_text(text)

    def up(self, simulated, name, *arguments, output=None, **options):
        self.ups.append((simulated.project / "settings/sizes.py").read_text())
        if self.refused:
            print(self.refused, file=output)
            return Finished(255, 1.0, ())
        (simulated.home / "cloud.sqlite").write_text(self.ups[-1])
        return Finished(0, 1.0, (summary(create=1),))

    def _git(self, *arguments) -> str:
        return subprocess.run(("git", *arguments), cwd=self.root, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def repository(monkeypatch, tmp_path):
    root = tmp_path / "project"
    root.mkdir()
    repository = Repository(root)
    monkeypatch.setattr(base, "ROOT", root)
    monkeypatch.setattr(base, "HOME", tmp_path / ".simulator")
    monkeypatch.setattr(base, "locate", lambda: SimpleNamespace(version="3.0.0"))
    monkeypatch.setattr(Simulated, "pulumi", lambda *args, **options: repository.up(*args, **options))
    return repository


def cached(tmp_path):
    return {each.name for each in (tmp_path / ".simulator" / "bases").iterdir() if each.is_dir()}


def test_a_base_is_brought_up_once_and_then_copied(repository, tmp_path):
    first = base.bring_up("dev", "HEAD", tmp_path / "home")
    repository.write({"settings/sizes.py": "2"})
    second = base.bring_up("dev", "HEAD", tmp_path / "another")
    assert repository.ups == ["1"], "the base is the revision, not the working tree"
    assert (tmp_path / "another" / "cloud.sqlite").read_text() == "1"
    assert first.key == second.key
    assert (second.folder / "docs" / "page.md").exists(), "all files of the revision, to compare them with"


def test_an_older_python_has_no_filters_of_archives(repository, tmp_path, monkeypatch):
    extract = tarfile.TarFile.extractall

    def without_filter(archive, path):
        extract(archive, path)

    monkeypatch.setattr(tarfile.TarFile, "extractall", without_filter)
    monkeypatch.delattr(tarfile, "data_filter", raising=False)
    base.bring_up("dev", "HEAD", tmp_path / "home")
    assert repository.ups == ["1"]


def test_a_home_that_was_used_is_emptied_first(repository, tmp_path):
    for _ in range(2):
        (tmp_path / "home").mkdir(exist_ok=True)
        (tmp_path / "home" / "left-over").touch()
        base.bring_up("dev", "HEAD", tmp_path / "home")
        assert not (tmp_path / "home" / "left-over").exists()


@pytest.mark.parametrize(
    ("files", "same"),
    [
        ({"docs/page.md": "2", "Pulumi.prod.yaml": "config: {a: b}"}, True),
        ({"settings/sizes.py": "2"}, False),
        ({"Pulumi.dev.yaml": "config: {a: b}"}, False),
        ({"simulator/rules.py": "2"}, False),
    ],
    ids=["what it does not read", "its program", "its stack file", "the simulator"],
)
def test_a_base_is_made_anew_when_what_it_depends_on_changes(repository, files, same):
    before = base.key("dev", "HEAD")
    assert (base.key("dev", repository.commit(files)) == before) is same


def test_a_stamp_follows_the_working_tree(repository):
    before = base.stamp("dev", "HEAD")
    repository.write({"docs/page.md": "2"})
    assert base.stamp("dev", "HEAD") == before
    repository.write({"settings/sizes.py": "2"})
    assert base.stamp("dev", "HEAD") != before


def test_a_base_that_fails_says_so_in_the_engines_words_and_is_not_kept(repository, tmp_path):
    repository.refused = "InsufficientInstanceCapacity"
    with pytest.raises(base.BaseFailsError, match=r"dev of HEAD fails by itself(.|\n)*InsufficientInstanceCapacity"):
        base.bring_up("dev", "HEAD", tmp_path / "home")
    assert cached(tmp_path) == set()
    assert "InsufficientInstanceCapacity" in (tmp_path / "home" / "logs" / "base.txt").read_text()


def test_a_revision_without_the_stack_is_an_empty_account(repository, tmp_path):
    on = base.bring_up("staging", "HEAD", tmp_path / "home")
    assert (on.key, on.description) == ("", "`HEAD`, which has no stack staging")
    assert repository.ups == []


def test_an_unknown_revision_is_an_error(repository, tmp_path):
    with pytest.raises(ReportError, match=r"git has no revision nope: .*\. Fetch it first\.$"):
        base.bring_up("dev", "nope", tmp_path / "home")


def test_the_bases_that_were_used_last_are_kept(repository, tmp_path):
    revisions = [repository.commit({"settings/sizes.py": str(each)}) for each in range(base.MOST_BASES + 1)]
    first, *others = revisions
    for revision in others:
        base.bring_up("dev", first, tmp_path / "home")
        base.bring_up("dev", revision, tmp_path / "home")
    kept = [first, *others[1:]]
    assert cached(tmp_path) == {base.key("dev", revision) for revision in kept}, "the first was used again and again"


def test_a_base_that_is_half_copied_does_not_count(repository, tmp_path):
    unfinished = tmp_path / ".simulator" / "bases" / "unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "cloud.sqlite").write_text("half")
    base.bring_up("dev", "HEAD", tmp_path / "home")
    base.bring_up("dev", "HEAD", tmp_path / "home")
    assert (tmp_path / "home" / "cloud.sqlite").read_text() == "1"


def test_of_two_runs_at_once_one_waits_for_the_other(repository, tmp_path):
    runs = [
        threading.Thread(target=base.bring_up, args=("dev", "HEAD", tmp_path / name))
        for name in ("one", "two", "three")
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert repository.ups == ["1"]
    assert {(tmp_path / name / "cloud.sqlite").read_text() for name in ("one", "two", "three")} == {"1"}


@pytest.mark.parametrize(("parts", "rooms"), [(PROGRAM, "components"), (base._SIMULATOR, "simulator")])
def test_a_key_depends_on_every_room_that_is_imported(parts, rooms):
    own = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()}
    files = [file for part in parts for file in [ROOT / part, *(ROOT / part).rglob("*.py")] if file.suffix == ".py"]
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text()))]
    imported = {node.module.partition(".")[0] for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    assert rooms in imported
    assert imported & own <= set(parts), "a base would be taken from the cache although its program differs"
