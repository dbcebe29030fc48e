"""Programs on the real engine, through the project's own language host."""

import json
import signal
import subprocess
import time

import pytest

from tests.engine.real_project import Project

pytestmark = pytest.mark.engine

REGISTERS_ONE = """
    import pulumi

    class Part(pulumi.ComponentResource):
        def __init__(self, name):
            super().__init__("tiny:parts:Part", name)
            self.register_outputs({})

    Part("one")
"""


def test_a_program_gets_its_stack_and_configuration_and_exports_outputs(project: Project) -> None:
    project.program(
        """
        import sys
        import pulumi
        from pathlib import Path
        from neighbour import ANSWER

        config = pulumi.Config()
        pulumi.export("where", [pulumi.get_organization(), pulumi.get_project(), pulumi.get_stack()])
        pulumi.export("size", config.require("size"))
        pulumi.export("password", config.get_secret("password"))
        pulumi.export("answer", ANSWER)
        pulumi.export("dry", pulumi.runtime.is_dry_run())
        pulumi.export("root", str(Path(pulumi.runtime.get_root_directory()).resolve()))
        pulumi.export("foreign", [entry for entry in sys.path if "language_host" in entry])
        """
    )
    (project.folder / "neighbour.py").write_text("ANSWER = 42\n")
    project.pulumi("config", "set", "size", "large")
    project.pulumi("config", "set", "--secret", "password", "hunter2")

    update = project.pulumi("up", "--yes", "--skip-preview")

    assert update.returncode == 0, update.stdout
    assert "hunter2" not in update.stdout, (
        "when the host does not pass on which keys are secret, secrets become plain text"
    )
    outputs = json.loads(project.pulumi("stack", "output", "--json").stdout)
    assert outputs == {
        "where": ["organization", "tiny", "dev"],
        "size": "large",
        "password": "[secret]",
        "answer": 42,
        "dry": False,
        "root": str(project.folder.resolve()),
        "foreign": [],
    }, "a program with a wrong stack or configuration would build the wrong resources"


@pytest.mark.parametrize(
    ("failure", "shown"),
    [
        ('raise pulumi.RunError("clusters is empty.\\n  Add one.")', "error: clusters is empty.\n      Add one."),
        ("raise ValueError('no such zone')", "    ValueError: no such zone"),
        ("pulumi.Output.from_input(0).apply(lambda zero: 1 / zero)", "    ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(3)", "The program ended with exit status 3."),
    ],
    ids=["settings", "exception", "exception in apply", "exit status"],
)
def test_a_failing_program_shows_its_own_error_and_nothing_else(project: Project, failure: str, shown: str) -> None:
    project.program(REGISTERS_ONE + f"    {failure}\n")

    preview = project.pulumi("preview")

    assert preview.returncode == 1, f"a failure must not exit with 0:\n{preview.stdout}"
    assert shown in preview.stdout, preview.stdout
    assert ("Traceback" in preview.stdout) == ("Error: " in shown and "error: " not in shown)
    assert "run_program.py" not in preview.stdout, "frames of the host would hide the one line that matters"
    assert preview.stdout.count("error: ") <= 2, f"once live and once in the summary is enough:\n{preview.stdout}"


def test_a_refusal_of_the_engine_is_shown_once(project: Project) -> None:
    project.program(
        """
        import pulumi
        for number in range(20):
            pulumi.CustomResource("nowhere:index:Thing", f"thing-{number}", {})
        """
    )

    preview = project.pulumi("preview")

    assert preview.returncode == 1
    assert "no resource plugin 'pulumi-resource-nowhere' found" in preview.stdout, preview.stdout
    assert "Traceback" not in preview.stdout, "errors that follow from the engine's end would hide the cause"


def test_ctrl_c_ends_the_program_quietly_and_soon(project: Project) -> None:
    project.program(
        """
        import os, pathlib, time
        pathlib.Path("pid").write_text(str(os.getpid()))
        time.sleep(120)
        """
    )
    running = subprocess.Popen(
        project.command("preview"),
        cwd=project.folder,
        env=project.variables,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    pid = project.folder / "pid"
    _wait_until(lambda: pid.exists() and pid.read_text() != "", seconds=60)
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=30)

    assert running.returncode == 1, output
    assert "Traceback" not in output, f"an interrupt is not an error of the program:\n{output}"
    _wait_until(lambda: not _alive(int(pid.read_text())), seconds=10)


def test_an_engine_that_is_killed_leaves_no_processes_behind(project: Project) -> None:
    project.program(
        """
        import os, pathlib, time
        pathlib.Path("pids").write_text(f"{os.getpid()} {os.getppid()}")
        time.sleep(120)
        """
    )
    running = subprocess.Popen(
        project.command("preview"),
        cwd=project.folder,
        env=project.variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    pids = project.folder / "pids"
    _wait_until(lambda: pids.exists() and " " in pids.read_text(), seconds=60)
    program, host = map(int, pids.read_text().split())
    running.kill()
    running.wait()

    _wait_until(lambda: not _alive(host) and not _alive(program), seconds=10)


def test_installed_packages_of_a_program_are_reported_without_downloads(project: Project) -> None:
    project.program("")

    about = project.pulumi("about", "--json")

    report = json.loads(about.stdout)
    assert {"aws", "eks", "kubernetes"} <= {plugin["name"] for plugin in report["plugins"]}, about.stdout
    assert "pulumi-policy" in {package["name"] for package in report["dependencies"]}
    assert report["runtime"]["language"] == "python"


def _wait_until(condition, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"nothing happened for {seconds} seconds"
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    listing = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(listing.stdout.strip()) and not listing.stdout.startswith("Z")
