"""Files of the AWS price list: one public CSV file per service and region.

Form: AWS Billing user guide, "Reading the service price list file for an AWS service", read 2026-11: five lines about
the file, then a table whose column names are the sixth line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from catalog.renew.asking import Answers, Question

BASE = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws"


class PriceList(NamedTuple):
    """One file. published: its date. rows: its on-demand prices in USD, as column name -> value."""

    published: str
    rows: Iterator[Mapping[str, str]]


def question(service: str, region: str) -> Question:
    """Returns the question for one file. EC2's has about 250 MB per region, mostly reservations, which are not kept."""
    url = f"{BASE}/{service}/current/{region}/index.csv"
    return Question(name=f"price-list-{service}-{region}.csv", url=url, only='"OnDemand"')


def read(answers: Answers, service: str, region: str) -> PriceList | None:
    """Returns the prices of a file; None without an answer. Raises ValueError for a file in another form."""
    lines = answers.lines(question(service, region))
    if lines is None:
        return None
    about = dict(pair for row in csv.reader(islice(lines, 5)) if len(pair := row[:2]) == 2)
    if "Publication Date" not in about:
        raise ValueError(f"the price list of {service} in {region} does not begin with its publication date")
    return PriceList(about["Publication Date"][:10], (row for row in csv.DictReader(lines) if _is_on_demand(row)))


def _is_on_demand(row: Mapping[str, str]) -> bool:
    return row["TermType"] == "OnDemand" and row["Currency"] == "USD"
