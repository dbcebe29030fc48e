"""The cost table after a preview."""

from costs.estimate import estimate
from costs.sources import from_event_log
from report import events
from report.cost import as_markdown, as_text
from tests.report.logs import PROVIDER, created, step

GOLDEN = """\
Monthly cost of dev, USD, list prices, us-east-1

                                                 quantity     unit price  min/month  max/month
  NodePool main-system                                                        78.08     444.48
    nodes, m5.large to m5.xlarge, on-demand     1-3 nodes  0.096-0.192/h      70.08     420.48
    node disks, gp3                           100-300 GiB       0.08/GiB       8.00      24.00
  Network                                                                     70.31     160.30
    NAT data *                               100-2,000 GB       0.045/GB       4.50      90.00
    NAT gateway                                2 gateways        0.045/h      65.70      65.70
    S3 storage *                                 5-200 GB       0.023/GB       0.11       4.60
  Total                                                                      148.39     604.78
    of which assumed use *                                                     4.62      94.60

  * Assumed use per month: 5 to 200 GB in each bucket; 50 to 1000 GB through each NAT gateway.

  Without a price, so not in the total (1):
  - FlowLog network: delivery of vended logs is billed per GB, without a price in the catalog.

  Not included: data transfer between zones, between regions and to the internet; resources that
    workloads create: volumes, load balancers, log groups, objects; support plans, tax, Savings
    Plans and other discounts."""


def priced(log):
    return estimate(from_event_log(log), "us-east-1"), events.parents(log)


def test_the_table_groups_by_component_with_the_most_expensive_first():
    assert as_text(*priced(created()), "dev") == GOLDEN


def test_the_table_fits_a_terminal_of_100_columns():
    long = created()
    long[10] = long[10].replace("m5.xlarge", "m5dn.metal").replace("network-flow-logs", "x" * 90)
    assert max(map(len, as_text(*priced(long), "dev").splitlines())) <= 100


def test_the_page_has_source_and_date_of_each_price():
    page = as_markdown(*priced(created()), "dev")
    assert "(as of 2026-07-20)" in page, "the instance prices"
    assert "(as of 2024-07-01)" in page, "the service prices"
    rows = [line for line in page.splitlines() if line.startswith(("| n", "| NAT"))]
    assert len(rows) == 4, "two lines for the nodes, two for the gateways"
    assert all(row.rstrip(" |")[-1].isdigit() for row in rows), "every line has the number of a source"


def test_an_approximate_price_is_marked_and_explained():
    log = [line.replace('"us-east-1"', '"us-west-2"') for line in created()]
    text = as_text(estimate(from_event_log(log), "us-west-2"), events.parents(log), "dev")
    assert "NAT gateway ~" in text
    assert "~ Approximate: price of us-east-1, used for us-west-2" in text


def test_a_stack_without_billed_resources_has_a_table():
    assert "Total" in as_text(*priced([step("create", PROVIDER)]), "dev")
