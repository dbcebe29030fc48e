"""What a killed engine left beside its state keeps no later command from running."""

import json
import os
import socket
import subprocess
from pathlib import Path

from simulator.killed_engine import clean_up


def lock(state: Path, name: str, **content: object) -> Path:
    path = state / ".pulumi" / "locks" / "organization" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"hostname": socket.gethostname(), **content}))
    return path


def test_locks_go_with_the_engines_that_held_them(tmp_path):
    ended = subprocess.Popen(["true"])
    ended.wait()
    gone = lock(tmp_path, "gone", pid=ended.pid)
    gone.with_name("gone.json.attrs").write_text("{}")
    kept = [
        lock(tmp_path, "running", pid=os.getpid()),
        lock(tmp_path, "elsewhere", pid=ended.pid, hostname="another"),
        lock(tmp_path, "unknown", pid="?"),
    ]
    clean_up(tmp_path)
    assert sorted(gone.parent.iterdir()) == sorted(kept)


def test_a_half_written_attribute_file_is_removed_and_the_state_stays(tmp_path):
    stacks = tmp_path / ".pulumi" / "stacks" / "ml-platform"
    stacks.mkdir(parents=True)
    for name, content in {"dev.json": "{}", "dev.json.attrs": "", "prod.json": "{}", "prod.json.attrs": "{}"}.items():
        (stacks / name).write_text(content)
    (stacks / "dev.json.bak.attrs").write_text('{"user.cache_')
    clean_up(tmp_path)
    assert sorted(each.name for each in stacks.iterdir()) == ["dev.json", "prod.json", "prod.json.attrs"]
