"""docs/gpus.md, which is made from the catalog."""

from report import gpus
from report.gpus import main, page


def test_the_page_is_up_to_date() -> None:
    assert main(["--check"]) == 0, "run: python -m report.gpus"


def test_an_outdated_page_is_reported(tmp_path, monkeypatch, capsys) -> None:
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr(gpus, "PAGE", tmp_path / "docs" / "gpus.md")
    assert main(["--check"]) == 1
    assert capsys.readouterr().err == "docs/gpus.md is out of date. Run: python -m report.gpus\n"
    assert main([]) == 0
    assert main(["--check"]) == 0


def row(heading: str, first: str) -> str:
    section = page().split(f"## {heading}")[1].split("\n## ")[0]
    return next(line for line in section.splitlines() if line.startswith(f"| {first} |"))


def test_a_type_has_its_ways_of_sharing() -> None:
    assert row("Instance types", "p4d.24xlarge").startswith(
        "| p4d.24xlarge | 8 x A100 40 GB | `a100-40gb` | time-slicing, MPS, MIG |"
    )
    assert "| none: already a part of a GPU |" in row("Instance types", "g6f.large")
    assert "| none: only whole devices |" in row("Instance types", "inf2.xlarge")


def test_a_region_that_does_not_offer_a_type_shows_no_price() -> None:
    assert row("Prices", "p4de.24xlarge").startswith("| p4de.24xlarge | 27.4471 |  | 27.4471 |")
    assert "Capacity Blocks" in row("Prices", "p5e.48xlarge"), "the reason for a missing price"


def test_a_slice_costs_its_part_of_the_gpu() -> None:
    assert row("Cost of a slice per hour", "p5.4xlarge") == "| p5.4xlarge | 6.88 | 1.72 | 1g.10gb: 0.98 |"


def test_a_profile_has_the_number_of_times_that_it_fits() -> None:
    assert "1g.10gb x 7, 1g.10gb+me x 1, 1g.20gb x 4" in row("MIG profiles", "`a100-80gb`")


def test_a_type_whose_pods_nobody_knows_is_named() -> None:
    assert "No source has the interfaces of p6e-gb200.36xlarge and trn2u.48xlarge." in page()
