"""The file of a telephone company through the command of docs/importing.md, on both databases."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from doc_commands import blocks, run
from support import Api

TELCO = blocks()[6]


@pytest.fixture
def environment(database_url: str, reference_data: Path) -> dict[str, str]:
    return {"VEFA_DATABASE_URL": database_url, "VEFA_REFERENCE_DATA": str(reference_data)}


@pytest.fixture
def truth(reference_data: Path) -> Any:
    return json.loads((reference_data / "truths.json").read_text())["telco"]


def key(one: dict[str, Any]) -> str:
    return str(one["external_ids"][0]["key"])


def test_the_goals_hold_through_the_api(
    api: Api, environment: dict[str, str], truth: Any, reference_data: Path
) -> None:
    imported, _ = run(TELCO, environment)
    assert "7,043 rows in = 7,043 stored + 0 repeated + 0 refused" in imported
    answer = api.get("/v1/insights/churn")
    assert answer.status_code == 200, answer.text
    section = answer.json()["models"]["cross_section"]
    with (reference_data / "telco_customer_churn.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["customerID"]: row for row in csv.DictReader(file)}
    left = sum(row["Churn"] == "Yes" for row in rows.values())
    assert (section["n"], section["left"], section["left_in_snapshot"]) == (len(rows), left, left)
    assert (section["snapshot_on"], section["serves"], section["reason"]) == (
        "2026-01-31",
        "cross_section",
        "won",
    )
    metrics = section["metrics"]
    assert 0.843 <= metrics["auc"] <= 0.87  # more would be a leak
    assert metrics["base_rate"] == pytest.approx(truth["base"], abs=1e-4)
    same = truth["models"]["logistic"]  # one-hot and standardised, the months as they are
    assert metrics["auc"] == pytest.approx(same["auc"], abs=0.005)
    assert metrics["brier"] == pytest.approx(same["brier"], abs=0.005)
    assert metrics["lift10"] >= 2.80
    assert metrics["brier"] <= 0.137
    assert metrics["ece"] <= 0.02
    assert len(section["attributes"]) == 18
    page = api.get("/v1/customers", params={"limit": 100}).json()["data"]
    assert {one["churn"]["model"] for one in page} == {"cross_section"}
    assert all((one["churn"]["level"] == "left") == (rows[key(one)]["Churn"] == "Yes") for one in page)
    stays = next(one for one in page if one["churn"]["level"] != "left")
    told = api.get(f"/v1/customers/{stays['id']}/churn").json()
    assert told["cross_section"]["age"] == int(rows[key(stays)]["tenure"])
    parts = told["explanation"]["contributions"]
    assert len(parts) == 19
    assert {part["attribute"]: part["text"] for part in parts}["contract"] == rows[key(stays)]["Contract"]
