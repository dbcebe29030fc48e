"""`python -m engine.packages FILE...` installs hashed requirements into this Python, and shows the progress.

pip alone is silent for the minute in which it unpacks and compiles the provider SDKs, the largest packages.
"""

import importlib.metadata
import re
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from engine.log import Log
from engine.progress import Progress

_LAST_LINES = 10
PIN = r"^([\w.-]+)==([\w.+!-]+)(?: \\)?$"  # matches only pins without a marker: they apply on every platform


def pinned_count(requirements: Sequence[Path]) -> int:
    """Returns how many packages the files pin; each package counts once."""
    pins = [re.findall(PIN, file.read_text(encoding="utf-8"), re.MULTILINE) for file in requirements]
    return len({name for names in pins for name, _ in names})


def install(requirements: Sequence[Path], progress: Progress, site_packages: Path | None = None) -> int:
    """Runs pip, shows its progress, and returns its exit status. When pip fails, the end of its log goes to stderr."""
    packages_folder = site_packages or Path(sysconfig.get_path("purelib"))
    total, fetched, unpacking = pinned_count(requirements), 0, False
    # Bytecode is written even where PYTHONDONTWRITEBYTECODE is set: without it, each import of the SDKs costs 5 s more.
    command = [sys.executable, "-u", "-m", "pip", "install", "--compile", "--require-hashes", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off"]
    for file in requirements:
        command += ["-r", str(file)]
    progress.step(f"Installing {total} packages")
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as pip:
        assert pip.stdout is not None
        log = Log(pip.stdout)
        for line in log:
            if line.startswith(("Collecting ", "Requirement already satisfied: ")):
                fetched += 1
            unpacking = unpacking or line.startswith("Installing collected packages")
            if unpacking:
                progress.update(f"unpacked {min(len(list(packages_folder.glob('*.dist-info'))), total)} of {total}")
            else:
                progress.update(f"fetched {min(fetched, total)} of {total}")
    progress.done("failed" if pip.returncode else "done")
    if pip.returncode:
        print("pip could not install the packages:", *log.lines[-_LAST_LINES:], sep="\n    ", file=sys.stderr)
    return pip.returncode


def missing(requirements: Sequence[Path]) -> list[str]:
    """Returns the pinned packages that are not installed here in the pinned version, as `name==version`."""
    absent = []
    for file in requirements:
        for name, version in re.findall(PIN, file.read_text(encoding="utf-8"), re.MULTILINE):
            try:
                if importlib.metadata.version(name) == version:
                    continue
            except importlib.metadata.PackageNotFoundError:
                pass
            absent.append(f"{name}=={version}")
    return absent


if __name__ == "__main__":
    try:
        sys.exit(install([Path(name) for name in sys.argv[1:]], Progress(sys.stderr)))
    except KeyboardInterrupt:
        sys.exit(130)
