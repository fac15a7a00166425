"""Real shops through the real commands: the blocks of docs/importing.md, run on both databases."""

import csv
import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from doc_commands import blocks, run
from sqlalchemy import select

from app.settings import Settings
from app.store.engine import Store
from app.store.tables import Transaction

SHARES = 1e-4


@pytest.fixture
def environment(database_url: str, reference_data: Path) -> dict[str, str]:
    return {"VEFA_DATABASE_URL": database_url, "VEFA_REFERENCE_DATA": str(reference_data)}


@pytest.fixture
def truths(reference_data: Path) -> Any:
    return json.loads((reference_data / "truths.json").read_text())


def assert_tiers(output: str, truth: dict[str, Any]) -> None:
    report = json.loads(output)
    tiers = {tier["tier"]: tier for tier in report["tiers"]}
    assert (report["n"], report["n_zero"], report["n_negative"]) == (
        truth["n"],
        truth["n_zero"],
        truth["n_negative"],
    )
    assert [tiers[name]["customers"] for name in "ABC"] == [truth[name] for name in "ABC"]
    assert report["top20_customers"] == truth["top20_k"]
    assert float(report["net_total"]["amount"]) == truth["net_total"]
    assert float(report["positive_total"]["amount"]) == truth["total_positive"]
    shares = {
        "top20_value_share": report["top20_share"],
        "top10_value_share": report["top10_share"],
        "top1_value_share": report["top1_share"],
        "gini": report["gini"],
        "A_customer_share": tiers["A"]["customer_share"],
        "A_value_share": tiers["A"]["value_share"],
    }
    assert shares == {name: pytest.approx(truth[name], abs=SHARES) for name in shares}


def test_online_retail(environment: dict[str, str], truths: Any) -> None:
    imported, net, gross = run(blocks()[0], environment)
    assert "25,900 rows in = 22,190 stored + 0 repeated + 3,710 refused (customer_missing 3,710)" in imported
    assert_tiers(net, truths["online_retail"]["tiers_net"])
    assert_tiers(gross, truths["online_retail"]["tiers_gross_no_cancel"])


def test_cdnow(environment: dict[str, str], truths: Any) -> None:
    imported, scored = run(blocks()[1], environment)
    assert "6,919 rows in = 6,919 stored + 0 repeated + 0 refused" in imported
    assert_tiers(scored, truths["cdnow"]["tiers_sample"])


def test_the_same_file_again_changes_nothing(environment: dict[str, str]) -> None:
    first = list(run(blocks()[0], environment))
    second = list(run(blocks()[0], environment))
    assert "0 stored + 22,190 repeated + 3,710 refused" in second[0]
    for before, after in zip(first[1:], second[1:], strict=True):
        assert json.loads(before)["tiers"] == json.loads(after)["tiers"]


DAYS = {"2010-12-01": (3_108, 1_140), "2011-09-09": (1_607, 286), "2011-12-09": (1_632, 1_008)}
"""Rows, and those without a customer, of each file of order lines."""


def invoices(reference_data: Path) -> dict[str, tuple[int, str]]:
    """Amount in pence and time of every invoice of those days that has a customer."""
    with gzip.open(reference_data / "online_retail_invoices.csv.gz", "rt") as file:
        return {
            row["InvoiceNo"]: (round(Decimal(row["amount"]) * 100), row["invoice_datetime"])
            for row in csv.DictReader(file)
            if row["invoice_datetime"][:10] in DAYS and row["customer_id"]
        }


def test_order_lines_are_summed_by_invoice(environment: dict[str, str], reference_data: Path) -> None:
    outputs = list(run(blocks()[-1], environment, exits={2: 3}))
    for output, (rows, refused) in zip(outputs, DAYS.values(), strict=True):
        assert f"{rows:,} rows in = {rows - refused:,} stored + 0 repeated + {refused:,} refused" in output
        assert f"(customer_missing {refused:,})" in output
    store = Store(Settings(database_url=environment["VEFA_DATABASE_URL"]))
    zone = ZoneInfo("Europe/London")
    try:
        read = select(Transaction.external_id, Transaction.amount_minor, Transaction.occurred_at)
        stored = {
            row.external_id: (row.amount_minor, f"{row.occurred_at.astimezone(zone):%Y-%m-%d %H:%M:%S}")
            for row in store.read_sync(lambda tx: tx.execute(read).all())
        }
    finally:
        store.close_sync()
    assert stored == invoices(reference_data)
    assert stored["536591"][1] == "2010-12-01 16:57:00"  # its rows span two minutes
