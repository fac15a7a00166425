"""Real calls, surveys and complaints through the real commands of docs/importing.md, on both databases."""

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from doc_commands import blocks, run
from support import Api

CALLS, MOBI, RECOMMEND, CITY = blocks()[2:6]
CALL_SURVEY, MOBI_SURVEY, RECOMMEND_SURVEY = blocks("json")


@pytest.fixture
def environment(database_url: str, reference_data: Path) -> dict[str, str]:
    return {"VEFA_DATABASE_URL": database_url, "VEFA_REFERENCE_DATA": str(reference_data)}


@pytest.fixture
def truths(reference_data: Path) -> Any:
    return json.loads((reference_data / "truths.json").read_text())


def set_up(api: Api, survey: str) -> None:
    assert api.post("/v1/surveys", json=json.loads(survey)).status_code == 201


def satisfaction(api: Api, **query: str) -> Any:
    answer = api.get("/v1/insights/satisfaction", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def interval(figures: dict[str, Any]) -> list[float]:
    return [figures["low"], figures["high"]]


def test_calls_and_the_satisfaction_of_the_callers(
    api: Api, environment: dict[str, str], truths: Any
) -> None:
    set_up(api, CALL_SURVEY)
    calls, answers = run(CALLS, environment)
    assert "5,000 rows in = 5,000 stored + 0 repeated + 0 refused" in calls
    assert "5,000 rows in = 4,054 stored + 0 repeated + 946 refused (no_answers 946)" in answers
    truth = truths["call_centre"]["pwc"]
    window = {"from": "2021-01-01", "to": "2021-04-01"}
    report = satisfaction(api, index="csat", survey="call", by="agent", **window)
    overall = report["overall"]
    assert (overall["n"], overall["parts"]["satisfied"]) == (truth["csat_n"], truth["csat_top2"])
    assert interval(overall) == pytest.approx(truth["csat_wilson"], abs=1e-6)
    by_agent = truths["call_centre"]["pwc_by_agent"]
    groups = {group["key"]: group for group in report["groups"]}
    assert {name: (g["n"], g["parts"]["satisfied"]) for name, g in groups.items()} == {
        name: (one["csat_n"], one["csat_top2"]) for name, one in by_agent.items()
    }
    for name, group in groups.items():
        assert interval(group) == pytest.approx(by_agent[name]["csat_wilson"], abs=1e-6)
    [one] = api.get("/v1/interactions", params={"external_id": "calls:ID0001"}).json()["data"]
    assert (one["agent"], one["started_at"], one["wait_seconds"], one["talk_seconds"]) == (
        "Diane",
        "2021-01-01T08:12:58Z",
        109,
        143,
    )
    assert (one["topic"], one["resolved_on_first_contact"]) == ("Contract related", True)
    [answer] = api.get("/v1/survey-responses", params={"external_id": "calls:ID0001"}).json()["data"]
    assert (answer["interaction_id"], answer["agent"]) == (one["id"], "Diane")


def test_the_same_calls_again_change_nothing(api: Api, environment: dict[str, str]) -> None:
    set_up(api, CALL_SURVEY)
    dry = list(run(CALLS, environment, "--dry-run", exits={1: 4}))
    assert "5,000 rows in = 5,000 stored" in dry[0]
    assert "(no_answers 946, unknown_record 4,054)" in dry[1]  # the calls were not stored
    list(run(CALLS, environment))
    again = list(run(CALLS, environment))
    assert "5,000 rows in = 0 stored + 5,000 repeated + 0 refused" in again[0]
    assert "5,000 rows in = 0 stored + 4,054 repeated + 946 refused" in again[1]


def test_a_satisfaction_survey(api: Api, environment: dict[str, str], truths: Any) -> None:
    set_up(api, MOBI_SURVEY)
    [imported] = run(MOBI, environment)
    assert "250 rows in = 250 stored + 0 repeated + 0 refused" in imported
    window = {"survey": "mobi", "from": "2026-06-01", "to": "2026-06-02"}
    overall = satisfaction(api, index="composite", **window)["overall"]
    truth = truths["survey"]["mobi_csi"]
    assert overall["n"] == 250
    assert overall["score"] == pytest.approx(truth["equal_weight_index"], abs=1e-4)
    assert interval(overall) == pytest.approx(truth["ci95_t"], abs=1e-4)
    assert overall["parts"]["alpha_raw"] == pytest.approx(
        truths["survey"]["mobi_alpha"]["satisfaction"], abs=1e-4
    )
    adjusted = satisfaction(api, index="expectation", **window)["overall"]["parts"]
    assert adjusted["beta"] == pytest.approx(truths["survey"]["mobi_adjusted"]["beta"], abs=1e-4)
    segments = truths["survey"]["mobi_segments"]
    assert adjusted["demanding_satisfied"] == segments["demanding|satisfied"]["n"]
    assert adjusted["undemanding_dissatisfied"] == segments["undemanding|not"]["n"]


def test_a_zero_on_a_scale_from_one_hides_nobody(
    api: Api, environment: dict[str, str], truths: Any, reference_data: Path, tmp_path: Path
) -> None:
    header, *rows = csv.reader((reference_data / "ecsi_mobi.csv").read_text().splitlines())
    asked = [header.index(f"CUSA{n}") for n in (1, 2, 3)]
    unhappy = [row for row in rows if sum(int(row[place]) for place in asked) < 21]
    for n, row in enumerate(unhappy):
        row[asked[n % 3]] = "0"
    with (tmp_path / "ecsi_mobi.csv").open("w", newline="") as spoilt:
        csv.writer(spoilt).writerows([header, *rows])
    set_up(api, MOBI_SURVEY)
    [imported] = run(MOBI, environment | {"VEFA_REFERENCE_DATA": str(tmp_path)})
    assert len(unhappy) == 69
    assert "250 rows in = 250 stored + 0 repeated + 0 refused" in imported
    assert "composite out_of_range 69, expectation out_of_range 69" in imported
    window = {"survey": "mobi", "from": "2026-06-01", "to": "2026-06-02"}
    overall = satisfaction(api, index="composite", **window)["overall"]
    assert (overall["n"], overall["excluded"]["out_of_range"]) == (250, 69)
    assert overall["score"] == pytest.approx(truths["survey"]["mobi_csi"]["equal_weight_index"], abs=0.2)
    assert satisfaction(api, index="expectation", **window)["overall"]["excluded"]["out_of_range"] == 69
    run_again = next(run(MOBI, environment))  # the same survey without the zeros
    assert "250 rows in = 0 stored + 69 updated + 181 repeated" in run_again
    after = satisfaction(api, index="composite", **window)["overall"]
    assert after["score"] == pytest.approx(truths["survey"]["mobi_csi"]["equal_weight_index"], abs=1e-4)


def test_recommendation_by_unit(api: Api, environment: dict[str, str], truths: Any) -> None:
    set_up(api, RECOMMEND_SURVEY)
    [imported] = run(RECOMMEND, environment)
    assert "1,000 rows in = 1,000 stored + 0 repeated + 0 refused" in imported
    window = {"from": "2012-01-01", "to": "2013-01-01"}
    report = satisfaction(api, index="nps", by="unit", **window)
    wanted = {"": truths["survey"]["nps_testdata"], **truths["survey"]["nps_testdata_by_BU"]}
    found = {"": report["overall"]} | {group["key"]: group for group in report["groups"]}
    assert found.keys() == wanted.keys()
    for unit, truth in wanted.items():
        figures = found[unit]
        assert figures["n"] == truth["n"]
        assert figures["parts"] == {name: truth[name] for name in ("promoters", "passives", "detractors")}
        assert figures["score"] == pytest.approx(truth["nps"], abs=1e-3)
        assert interval(figures) == pytest.approx(truth["adj_wald_T3"], abs=1e-3)


def test_complaints_to_a_city(
    api: Api, environment: dict[str, str], truths: Any, reference_data: Path
) -> None:
    truth = truths["nyc311"]
    dry, real = (next(run(CITY, environment, *more)) for more in (["--dry-run"], []))
    assert "4,969 rows in = 4,969 stored + 0 repeated + 0 refused" in real
    assert "customers created: 4,969" in real
    assert dry.splitlines()[-1] == real.splitlines()[-1]
    complaints = _all(api, "/v1/complaints")
    assert len(complaints) == truth["rows"]
    states = Counter(one["state"] for one in complaints)
    assert states == {"closed": truth["rows"] - truth["open"], "open": truth["open"]}
    by_type = Counter(one["category"] for one in complaints)
    assert by_type == {name: one["n"] for name, one in truth["by_type"].items()}
    still_open = Counter(one["category"] for one in complaints if one["state"] == "open")
    assert still_open == {name: one["open"] for name, one in truth["by_type"].items()}
    [one] = [one for one in complaints if one["external_id"] == "64345465"]
    assert one["received_at"] == "2025-03-14T05:20:00Z"  # summer time in New York since 9 March
    with (reference_data / "nyc311_animal_requests.csv").open() as file:
        islanders = sum(row["Borough"] == "STATEN ISLAND" for row in csv.DictReader(file))
    again = next(run(CITY.strip() + " --column unit=Borough --source again", environment))
    assert "4,969 stored + 0 repeated + 0 refused" in again
    assert sum(one["unit"] == "STATEN ISLAND" for one in _all(api, "/v1/complaints")) == islanders


def _all(api: Api, path: str) -> list[Any]:
    """Every page of a list."""
    found: list[Any] = []
    query: dict[str, Any] = {"limit": 200}
    while True:
        page = api.get(path, params=query).json()
        found += page["data"]
        if not page["has_more"]:
            return found
        query["cursor"] = page["next_cursor"]
