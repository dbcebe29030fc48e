"""Prometheus's programs are built from pins of the chart's versions; Alertmanager without its page, which npm makes."""

import io
import json
import os
import re
import shutil
from pathlib import Path

import pytest

from engine.go_build import build
from engine.go_module import GoModule
from engine.progress import Progress
from simulator.telemetry.build import FOLDER, module_of
from tests.engine import fakes

# A fake Go: it has one module in its cache, and builds a script where it finds the page.
BUILDS = """
case "$1 $2" in
  "list -m") echo v1.2.3 ;;
  "mod download") echo "{ \\"Dir\\": \\"CACHE\\" }" ;;
  "list -deps") echo a ;;
  *)
    echo "$@" >> "$(dirname "$0")/calls"
    cat "$8" >> "$(dirname "$0")/calls"
    copy=$(sed -n 's/^replace example.com\\/ui => //p' "$8")
    [ -f "$copy/dist/index.html" ] && [ -f "$copy/main.go" ] || { echo "no matching files found" >&2; exit 1; }
    while [ "$1" != -o ]; do shift; done
    touch "$2/ui" ;;
esac
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GoModule:
    (tmp_path / "system").mkdir()
    for name in ("dirname", "cat", "sed", "touch"):
        (tmp_path / "system" / name).symlink_to(shutil.which(name) or name)
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "tools"), str(tmp_path / "system")]))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "main.go").write_text("package main")
    (tmp_path / "cache" / "main.go").chmod(0o444)
    (tmp_path / "cache").chmod(0o555)
    fakes.go(tmp_path / "tools", "go1.26.8", BUILDS.replace("CACHE", str(tmp_path / "cache")))
    return GoModule(
        "a page",
        fakes.module(tmp_path / "module"),
        {"example.com/ui": "ui"},
        tmp_path / "home",
        tmp_path,
        tags=("small",),
        missing={"example.com/ui": "dist/index.html"},
    )


def test_what_a_published_module_lacks_is_added_to_a_copy_of_it(module: GoModule, tmp_path: Path) -> None:
    build(module, Progress(io.StringIO()))

    assert module.is_built()
    assert not (tmp_path / "cache" / "dist").exists(), "Go's cache is for all projects of the user"
    assert sorted(entry.name for entry in module.home.iterdir()) == ["bin", "built.json"], "the copy goes again"
    assert "-tags small" in (tmp_path / "tools" / "calls").read_text()


def test_another_program_of_our_own_is_built_again(module: GoModule) -> None:
    build(module, Progress(io.StringIO()))
    (module.folder / "scrapes").mkdir()
    (module.folder / "scrapes" / "main.go").write_text("package main")

    assert not module.is_built()


def test_the_versions_are_those_of_the_chart() -> None:
    pinned = dict(re.findall(r"(github\.com/\S+) (v[\d.]+)", (FOLDER / "go.mod").read_text("utf-8")))
    operator = "github.com/prometheus-operator/prometheus-operator"
    facts = json.loads((Path(__file__).parents[2] / "facts" / "app_versions.json").read_text("utf-8"))

    assert pinned[operator] == pinned[f"{operator}/pkg/apis/monitoring"] == facts["charts"]["kube-prometheus-stack"][1]
    # Its values, prometheus.prometheusSpec.image.tag and alertmanager.alertmanagerSpec.image.tag, in 88.5.3.
    assert module_of().title == "Prometheus 3.14.0"
    assert pinned["github.com/prometheus/prometheus"] == "v0.314.0"
    assert pinned["github.com/prometheus/alertmanager"] == "v0.34.0"
