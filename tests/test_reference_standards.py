"""A city's real requests under a standard of 24 hours, through the real command, against known figures."""

import csv
import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from doc_commands import blocks, run
from standards_helpers import set_standard
from support import Api

CITY = blocks()[5]
FILE = "nyc311_animal_requests.csv"


def product_limit_median(taken: list[float], is_done: list[bool]) -> float:
    """The Kaplan-Meier median by hand: at each time at which some were done, the share of those left."""
    times, done = np.array(taken), np.array(is_done)
    left = 1.0
    for time in np.unique(times[done]):
        left *= 1 - float(np.sum(done & (times == time))) / float(np.sum(times >= time))
        if left <= 0.5:
            return float(time)
    raise AssertionError("more than half are not done")


def test_requests_to_a_city_within_24_hours(api: Api, database_url: str, reference_data: Path) -> None:
    truth = json.loads((reference_data / "truths.json").read_text())["nyc311"]
    set_standard(api, "within_a_day", target_seconds=86_400, warn_share=0.5)
    environment = {"VEFA_DATABASE_URL": database_url, "VEFA_REFERENCE_DATA": str(reference_data)}
    assert "4,969 stored" in next(run(CITY, environment))
    query = {"metric": "resolve", "from": "2020-01-01"}
    answer = api.get("/v1/insights/standards", params={**query, "by": "category"})
    assert answer.status_code == 200, answer.text
    report = answer.json()
    overall = report["overall"]
    assert (overall["received"], overall["censored"]) == (truth["rows"], truth["open"])
    assert round(overall["share_within"], 4) == truth["within24h_of_all"]
    assert overall["met"] == round(truth["within24h_of_all"] * truth["rows"])
    assert (overall["running"], overall["ended"]) == (0, 0)
    assert overall["broken"] == overall["received"] - overall["met"]
    groups = {group["key"]: group for group in report["groups"]}
    assert {key: (group["received"], group["censored"]) for key, group in groups.items()} == {
        key: (one["n"], one["open"]) for key, one in truth["by_type"].items()
    }
    assert [key for key, group in groups.items() if group["is_small"]] == [
        key for key in sorted(groups) if groups[key]["received"] < 30
    ]
    now, zone, taken, done = datetime.now(UTC), ZoneInfo("America/New_York"), [], []
    with (reference_data / FILE).open() as file:
        for row in csv.DictReader(file):
            created, closed = (
                datetime.strptime(row[name], "%m/%d/%Y %H:%M").replace(tzinfo=zone).astimezone(UTC)
                if row[name]
                else None
                for name in ("Created Date", "Closed Date")
            )
            assert created is not None
            taken.append(((closed or now) - created).total_seconds())
            done.append(closed is not None)
    assert overall["median_seconds"] == product_limit_median(taken, done)
    assert overall["median_low"] < overall["median_seconds"] < overall["median_high"]
    months = api.get("/v1/insights/standards", params={**query, "by": "month"}).json()
    assert sum(group["met"] for group in months["groups"]) == overall["met"]
    assert {**months["overall"]} == {**overall}
    answer = api.get("/v1/insights/standards.csv", params={**query, "by": "unit"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    whole, *units = csv.DictReader(StringIO(answer.text))
    assert (whole["key"], whole["received"], whole["met"]) == ("*", "4969", str(overall["met"]))
    assert sum(int(unit["received"]) for unit in units) == truth["rows"]


@pytest.mark.parametrize("by", [None, "agent", "unit", "channel", "severity", "tier", "category", "month"])
def test_an_empty_store_has_nothing_to_report(api: Api, by: str | None) -> None:
    query = {"metric": "resolve"} | ({} if by is None else {"by": by})
    report = api.get("/v1/insights/standards", params=query).json()
    assert (report["overall"]["received"], report["overall"]["share_within"], report["groups"]) == (
        0,
        None,
        [],
    )
