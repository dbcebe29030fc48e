"""The measurements of the benchmark."""

import os
import sys

import pytest

from report.bench import empty_program
from report.measure import PROC, MeasureError, measure


def test_the_empty_program_imports_what_the_components_import_and_registers_nothing():
    lines = empty_program().splitlines()
    assert "pulumi_aws.ec2.Vpc" in lines
    assert not [line for line in lines if "(" in line], "a call could register a resource"


@pytest.mark.skipif(not PROC.is_dir(), reason="memory is read from /proc")
def test_memory_includes_child_processes():
    grandchild = "b = b'x' * 60_000_000; import time; time.sleep(0.4)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}, 'run_' + 'program'])"
    measured = measure([sys.executable, "-c", child], PROC, os.environ)
    assert measured.seconds > 0.4
    assert measured.peak_mib["program"] > 55, "the command line shows the role of the grandchild"
    assert measured.peak_mib["all"] > measured.peak_mib["program"], "all processes together"


def test_a_command_that_fails_has_no_measurement(tmp_path):
    with pytest.raises(MeasureError, match=r"ended with 3:\nout of luck"):
        measure([sys.executable, "-c", "print('out of luck'); raise SystemExit(3)"], tmp_path, os.environ)
