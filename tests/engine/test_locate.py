import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import version
from engine.locate import Engine, EngineNotFound, locate, module_of
from tests.engine import fakes


def path(*folders: Path) -> str:
    return os.pathsep.join(map(str, folders))


@pytest.fixture
def built(tmp_path: Path) -> tuple[Path, Path]:
    """The home and the module of an engine that was built before."""
    home, module = tmp_path / "home", fakes.module(tmp_path / "module")
    fakes.pulumi(home / "bin", "v3.259.0")
    module_of(home, module).stamp_built()
    return home, module


def test_a_supported_pulumi_on_path_comes_before_the_built_one(built: tuple[Path, Path], tmp_path: Path) -> None:
    own = fakes.pulumi(tmp_path / "own", "v3.250.1")

    engine = locate(path(tmp_path / "nowhere", tmp_path / "own"), *built)

    assert engine == Engine(own, "3.250.1", tmp_path / "own", built=False), "users keep the engine that they chose"


@pytest.mark.parametrize("unsupported", ["v3.228.9", "v4.0.0", "no version at all"])
def test_an_unsupported_pulumi_on_path_is_skipped(built: tuple[Path, Path], tmp_path: Path, unsupported: str) -> None:
    fakes.pulumi(tmp_path / "old", unsupported)

    engine = locate(path(tmp_path / "old"), *built)

    assert engine == Engine(built[0] / "bin" / "pulumi", "3.259.0", built[0] / "bin", built=True)


def test_a_supported_pulumi_may_be_in_a_later_folder_of_path(tmp_path: Path) -> None:
    fakes.pulumi(tmp_path / "old", "v3.100.0")
    new = fakes.pulumi(tmp_path / "new", "v3.260.0")

    assert locate(path(tmp_path / "old", tmp_path / "new"), tmp_path / "home").path == new


def test_a_pulumi_without_its_language_host_cannot_run_a_program(tmp_path: Path) -> None:
    fakes.pulumi(tmp_path / "bare", "v3.250.0", language_host=False)

    with pytest.raises(EngineNotFound, match=r"bare/pulumi has no pulumi-language-python beside it"):
        locate(path(tmp_path / "bare"), tmp_path / "home")


def test_a_language_host_may_be_beside_the_target_of_a_link(tmp_path: Path) -> None:
    real = fakes.pulumi(tmp_path / "opt", "v3.250.0")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "pulumi").symlink_to(real)

    assert locate(path(tmp_path / "links"), tmp_path / "home").bin_dir == tmp_path / "links"


def test_the_built_engine_counts_as_built_also_when_it_is_on_path(built: tuple[Path, Path]) -> None:
    engine = locate(path(built[0] / "bin"), *built)

    assert engine.built, "the simulator puts it on PATH, and it is not an engine of the user"


def test_without_an_engine_the_error_says_what_was_looked_for_and_what_helps(tmp_path: Path) -> None:
    fakes.pulumi(tmp_path / "old", "v3.100.0")
    fakes.executable(tmp_path / "broken" / "pulumi", "exit 1")

    with pytest.raises(EngineNotFound) as problem:
        locate(path(tmp_path / "old", tmp_path / "broken"), tmp_path / "home")

    text = str(problem.value)
    assert "(3.229.0 or newer, below 4.0.0, with pulumi-language-python)" in text
    assert f"{tmp_path / 'old' / 'pulumi'} is version 3.100.0" in text
    assert f"{tmp_path / 'broken' / 'pulumi'} does not answer `pulumi version`" in text
    assert f"no up-to-date {tmp_path / 'home' / 'bin' / 'pulumi'}" in text
    assert "`make setup`" in text
    assert text.endswith("https://www.pulumi.com/docs/install/"), "the last line of advice must not be lost"


@pytest.mark.parametrize("file", ["go.mod", "go.sum"])
def test_a_changed_pin_makes_the_built_engine_out_of_date(built: tuple[Path, Path], file: str) -> None:
    home, module = built
    assert module_of(home, module).is_built()

    (module / file).write_text((module / file).read_text() + "\n// another\n")

    assert not module_of(home, module).is_built(), (
        "an engine of the old version would stay in use, and nobody would notice"
    )


@pytest.mark.parametrize("lost", ["built.json", "bin/pulumi", "bin/pulumi-language-python"])
def test_an_incomplete_engine_does_not_count_as_built(built: tuple[Path, Path], lost: str) -> None:
    (built[0] / lost).unlink()

    with pytest.raises(EngineNotFound):
        locate("", *built)


def test_the_pinned_engine_is_supported() -> None:
    assert version.supported(version.pinned())
    assert version.oldest_go() >= (1, 21, 0), "older versions of Go do not know toolchain lines"


def test_the_pinned_engine_has_the_version_of_the_sdk() -> None:
    pins = (version.ROOT / "requirements.in").read_text()

    assert f"pulumi=={version.show(version.pinned())}\n" in pins, (
        "engine and SDK speak the same protocol when they have the same version"
    )


@given(
    st.tuples(*[st.integers(0, 9999)] * 3), st.sampled_from(["v{}", "go{}", "go version go{} linux/amd64", "{}-beta.1"])
)
def test_a_version_is_the_same_after_showing_and_parsing(numbers: version.Version, form: str) -> None:
    assert version.parse(form.format(version.show(numbers))) == numbers
