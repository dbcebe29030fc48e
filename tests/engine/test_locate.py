import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import version
from engine.locate import Engine, EngineNotFound, is_built, locate, stamp_built
from tests.engine import fakes


def path(*folders: Path) -> str:
    return os.pathsep.join(map(str, folders))


@pytest.fixture
def built(tmp_path: Path) -> tuple[Path, Path]:
    """Home and module of an engine that was built before."""
    home, module = tmp_path / "home", fakes.module(tmp_path / "module")
    fakes.pulumi(home / "bin", "v3.259.0")
    stamp_built(home, module)
    return home, module


def test_a_supported_pulumi_on_path_comes_before_the_built_one(built: tuple[Path, Path], tmp_path: Path) -> None:
    own = fakes.pulumi(tmp_path / "own", "v3.250.1")

    found = locate(path(tmp_path / "nowhere", tmp_path / "own"), *built)

    assert found == Engine(own, "3.250.1", tmp_path / "own", built=False), "people keep the engine that they chose"


@pytest.mark.parametrize("unsupported", ["v3.228.9", "v4.0.0", "no version at all"])
def test_an_unsupported_pulumi_on_path_is_passed_over(
    built: tuple[Path, Path], tmp_path: Path, unsupported: str
) -> None:
    fakes.pulumi(tmp_path / "old", unsupported)

    found = locate(path(tmp_path / "old"), *built)

    assert found == Engine(built[0] / "bin" / "pulumi", "3.259.0", built[0] / "bin", built=True)


def test_a_later_folder_of_path_may_hold_what_an_earlier_one_lacks(tmp_path: Path) -> None:
    fakes.pulumi(tmp_path / "old", "v3.100.0")
    new = fakes.pulumi(tmp_path / "new", "v3.260.0")

    assert locate(path(tmp_path / "old", tmp_path / "new"), tmp_path / "home").path == new


def test_a_pulumi_without_its_language_host_cannot_run_a_program(tmp_path: Path) -> None:
    fakes.pulumi(tmp_path / "bare", "v3.250.0", language_host=False)

    with pytest.raises(EngineNotFound, match=r"bare/pulumi has no pulumi-language-python beside it"):
        locate(path(tmp_path / "bare"), tmp_path / "home")


def test_a_language_host_is_looked_for_beside_the_target_of_a_link(tmp_path: Path) -> None:
    real = fakes.pulumi(tmp_path / "opt", "v3.250.0")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "pulumi").symlink_to(real)

    assert locate(path(tmp_path / "links"), tmp_path / "home").bin_dir == tmp_path / "links"


def test_the_built_engine_on_path_is_still_the_built_one(built: tuple[Path, Path]) -> None:
    found = locate(path(built[0] / "bin"), *built)

    assert found.built, "inside the simulator it is on PATH, and is no engine of the user's"


def test_nothing_found_says_what_was_looked_for_and_the_ways_out(tmp_path: Path) -> None:
    fakes.pulumi(tmp_path / "old", "v3.100.0")
    fakes.executable(tmp_path / "broken" / "pulumi", "exit 1")

    with pytest.raises(EngineNotFound) as problem:
        locate(path(tmp_path / "old", tmp_path / "broken"), tmp_path / "home")

    said = str(problem.value)
    assert "(3.229.0 or newer, below 4.0.0, with pulumi-language-python)" in said
    assert f"{tmp_path / 'old' / 'pulumi'} is version 3.100.0" in said
    assert f"{tmp_path / 'broken' / 'pulumi'} does not answer `pulumi version`" in said
    assert f"no up-to-date {tmp_path / 'home' / 'bin' / 'pulumi'}" in said
    assert "`make setup`" in said
    assert said.endswith("https://www.pulumi.com/docs/install/"), "the last way out must not get lost"


@pytest.mark.parametrize("file", ["go.mod", "go.sum"])
def test_a_changed_pin_makes_the_built_engine_out_of_date(built: tuple[Path, Path], file: str) -> None:
    home, module = built
    assert is_built(home, module)

    (module / file).write_text((module / file).read_text() + "\n// another\n")

    assert not is_built(home, module), "an engine of the old pin would go on running unnoticed"


@pytest.mark.parametrize("lost", ["built.json", "bin/pulumi", "bin/pulumi-language-python"])
def test_half_of_a_built_engine_is_none(built: tuple[Path, Path], lost: str) -> None:
    (built[0] / lost).unlink()

    with pytest.raises(EngineNotFound):
        locate("", *built)


def test_the_pinned_engine_is_one_that_is_supported() -> None:
    assert version.supported(version.pinned())
    assert version.oldest_go() >= (1, 21, 0), "older ones do not know toolchain lines"


def test_the_pinned_engine_is_the_one_of_the_sdk() -> None:
    pins = (version.ROOT / "requirements.in").read_text()

    assert f"pulumi=={version.show(version.pinned())}\n" in pins, (
        "the two speak one protocol when they are of one release"
    )


@given(
    st.tuples(*[st.integers(0, 9999)] * 3), st.sampled_from(["v{}", "go{}", "go version go{} linux/amd64", "{}-beta.1"])
)
def test_versions_read_back_as_they_were_shown(numbers: version.Version, form: str) -> None:
    assert version.parse(form.format(version.show(numbers))) == numbers
