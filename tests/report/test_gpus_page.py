"""docs/gpus.md, made from the catalog."""

from report import gpus
from report.gpus import main, page


def test_the_page_is_up_to_date() -> None:
    assert main(["--check"]) == 0, "run: python -m report.gpus"


def test_an_old_page_is_found(tmp_path, monkeypatch, capsys) -> None:
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(gpus, "PAGE", tmp_path / "docs" / "gpus.md")
    assert main(["--check"]) == 1
    assert capsys.readouterr().err == "docs/gpus.md is out of date. Run: python -m report.gpus\n"
    assert main([]) == 0
    assert main(["--check"]) == 0


def row(heading: str, first: str) -> str:
    section = page().split(f"## {heading}")[1].split("\n## ")[0]
    return next(line for line in section.splitlines() if line.startswith(f"| {first} |"))


def test_a_type_is_told_with_what_a_pool_can_do_with_it() -> None:
    assert row("Instance types", "p4d.24xlarge").startswith(
        "| p4d.24xlarge | 8 x A100 40 GB | `a100-40gb` | time-slicing, MPS, MIG |"
    )
    assert "| none: a part of a GPU already |" in row("Instance types", "g6f.large")
    assert "| none: whole devices |" in row("Instance types", "inf2.xlarge")


def test_a_region_that_does_not_offer_a_type_shows_no_price() -> None:
    assert row("Prices", "p4de.24xlarge").startswith("| p4de.24xlarge | 27.4471 |  | 27.4471 |")
    assert "Capacity Blocks" in row("Prices", "p5e.48xlarge"), "why it has no price"


def test_a_slice_costs_its_part() -> None:
    assert row("What a slice costs an hour", "p5.4xlarge") == "| p5.4xlarge | 6.88 | 1.72 | 1g.10gb: 0.98 |"


def test_the_profiles_of_a_gpu_are_told_with_how_often_they_fit() -> None:
    assert "1g.10gb x 7, 1g.10gb+me x 1, 1g.20gb x 4" in row("MIG profiles", "`a100-80gb`")
