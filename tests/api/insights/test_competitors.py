"""Our own figures beside those of competitors over HTTP, on both databases."""

from collections.abc import Callable
from typing import Any

import factories
import pytest
from support import Api, problem

from app.domain.common.access import Actor, Scope
from app.store.engine import Store

PATH = "/v1/insights/competitors"
WINDOW = {"from": "2026-03-01", "to": "2026-04-01"}
SCALE = {"min": 1, "max": 5}
QUESTIONS = [
    factories.question("recommend", "nps"),
    factories.question("overall", "csat", scale=SCALE, weight=1),
    factories.question("expected", "expectation", scale=SCALE),
]


@pytest.fixture
def asked(store: Store, actor: Actor) -> None:
    """The answers of forty people: who expects more is more satisfied."""
    store.write_sync(factories.survey, actor, questions=QUESTIONS)
    for place in range(40):
        expected = 1 + place % 5
        overall = min(5, max(1, (expected + 5) // 2 - place % 2))
        numbers = {"recommend": place % 11, "overall": overall, "expected": expected}
        store.write_sync(factories.response, actor, None, numbers)


def told(api: Api, **members: Any) -> None:
    body = {
        "source": "Panel",
        "competitor": "Yuva",
        "index": "composite",
        "value": 60,
        "measured_on": "2026-03-15",
        **members,
    }
    assert api.post("/v1/competitor-measurements", json=body).status_code == 201


def read(api: Api, index: str = "composite", **params: str) -> dict[str, Any]:
    answer = api.get(PATH, params={"index": index, **WINDOW, **params})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def satisfaction(api: Api, index: str) -> dict[str, Any]:
    figures = api.get("/v1/insights/satisfaction", params={"index": index, **WINDOW}).json()["overall"]
    del figures["response_rate"]
    return dict(figures)


def own(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if name not in ("standard_error", "basis")}


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize("index", ["csat", "nps", "composite", "expectation", "ces", "culture"])
def test_our_own_figure_is_that_of_the_satisfaction_report(api: Api, index: str) -> None:
    told(api, index=index, value=0.5)
    found = read(api, index)
    assert own(found["own"]) == satisfaction(api, index)
    [competitor] = found["competitors"]
    score = found["own"]["score"]
    expected = None if score is None else score - 0.5
    assert competitor["gap"]["difference"] == expected
    assert competitor["gap"]["verdict"] is None
    assert competitor["not_corrected"] == ("expectation_unknown" if index == "composite" else "other_index")
    assert (found["adjustment"] is None) == (index != "composite")


@pytest.mark.usefixtures("asked")
def test_composites_of_several_surveys_are_not_averaged(api: Api, store: Store, actor: Actor) -> None:
    told(api, value=50)
    alone = read(api)["own"]["score"]
    store.write_sync(factories.survey, actor, code="other", questions=QUESTIONS)
    numbers = {"recommend": 1, "overall": 1, "expected": 5}
    store.write_sync(factories.response, actor, None, numbers, survey_code="other")
    found = read(api)
    assert own(found["own"]) == satisfaction(api, "composite")
    assert found["own"]["score"] is None
    [competitor] = found["competitors"]
    assert (competitor["gap"]["difference"], competitor["gap"]["reason"]) == (None, "several_surveys")
    assert competitor["not_corrected"] == "several_surveys"
    of_one = read(api, survey="delivery")
    assert of_one["own"]["score"] == alone
    assert of_one["competitors"][0]["gap"]["difference"] == pytest.approx(alone - 50)
    answer = api.get(PATH, params={"index": "composite", "survey": "none"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_survey")


@pytest.mark.usefixtures("asked")
def test_a_correction_stands_beside_a_survey_that_did_not_ask_what_is_expected(
    api: Api, store: Store, actor: Actor
) -> None:
    told(api, value=60, n=400, sd=20, expectation_mean=40)
    corrected = read(api)["competitors"][0]["corrected"]
    store.write_sync(factories.survey, actor, code="other", questions=QUESTIONS[:2])
    store.write_sync(factories.response, actor, None, {"recommend": 1, "overall": 1}, survey_code="other")
    [competitor] = read(api)["competitors"]
    assert competitor["gap"]["reason"] == "several_surveys"
    assert corrected is not None
    assert competitor["corrected"] == corrected


@pytest.mark.usefixtures("asked")
def test_a_correction_starts_from_the_expectation_adjusted_figure(api: Api) -> None:
    told(api, value=60, n=400, sd=20, expectation_mean=40)
    found = read(api)
    learned, [competitor] = found["adjustment"], found["competitors"]
    fair = satisfaction(api, "expectation")
    assert own(learned["own"]) == fair
    assert (learned["beta"], learned["reference_n"]) == (fair["parts"]["beta"], fair["parts"]["reference_n"])
    assert learned["beta"] > 0
    assert learned["beta_error"] > 0
    corrected = competitor["corrected"]
    value = 60 - learned["beta"] * (40 - learned["expectation_mean"])
    assert corrected["value"] == pytest.approx(value)
    assert corrected["gap"]["difference"] == pytest.approx(fair["score"] - value)
    error = (1 + (learned["beta_error"] * (40 - learned["expectation_mean"])) ** 2) ** 0.5
    assert corrected["standard_error"] == pytest.approx(error)
    assert competitor["not_corrected"] is None
    assert competitor["latest"]["standard_error"] == 1


@pytest.mark.usefixtures("asked")
def test_whether_a_gap_is_real(api: Api) -> None:
    score = satisfaction(api, "csat")["score"]
    told(api, index="csat", value=score, n=400)
    told(api, index="csat", value=1, n=400, competitor="Ev")
    told(api, index="csat", value=1, n=4, competitor="Ben")
    rows = {row["competitor"]: row["gap"] for row in read(api, "csat")["competitors"]}
    assert (rows["Yuva"]["difference"], rows["Yuva"]["verdict"]) == (0, "noise")
    assert rows["Ev"]["verdict"] == "differs"
    assert rows["Ev"]["high"] < 0
    assert (rows["Ben"]["verdict"], rows["Ben"]["reason"]) == (None, "few_answers")


def test_without_own_answers_the_competitors_are_still_told(api: Api) -> None:
    told(api, n=400, sd=20, expectation_mean=40)
    found = read(api)
    assert (found["own"]["score"], found["own"]["n"]) == (None, 0)
    assert found["adjustment"]["is_unadjusted"]
    [competitor] = found["competitors"]
    assert (competitor["gap"]["difference"], competitor["gap"]["reason"]) == (None, "no_own_answers")
    assert (competitor["corrected"], competitor["not_corrected"]) == (None, "beta_unknown")
    assert read(api, "nps")["competitors"] == []


def test_the_latest_before_the_end_of_the_window_counts(api: Api) -> None:
    told(api, value=50, measured_on="2025-12-31")
    told(api, value=55, measured_on="2026-03-31", competitor="YUVA")
    told(api, value=65, measured_on="2026-04-01")
    told(api, value=70, measured_on="2026-02-28", competitor="Ev")
    found = read(api)["competitors"]
    assert [row["competitor"] for row in found] == ["Ev", "YUVA"]
    assert [row["latest"]["value"] for row in found] == [70, 55]
    assert [(one["value"], one["in_window"]) for one in found[1]["history"]] == [(55, True), (50, False)]
    assert found[1]["history"][0] == found[1]["latest"]
    later = read(api, to="2026-04-02")["competitors"]
    assert [(row["competitor"], row["latest"]["value"]) for row in later] == [("Ev", 70), ("Yuva", 65)]


def test_names_follow_the_language(api: Api) -> None:
    answer = api.get(PATH, params={"index": "nps"}, headers={"Accept-Language": "tr"})
    assert (answer.headers["Content-Language"], answer.json()["name"]) == ("tr", "Net tavsiye skoru")


def test_bad_questions_and_callers(api: Api, api_with: Callable[..., Api]) -> None:
    assert api.get(PATH).status_code == 422
    assert api.get(PATH, params={"index": "happiness"}).status_code == 422
    assert api.get(PATH, params={"index": "nps", "form": "2026-01-01"}).status_code == 422
    window = {"index": "nps", "from": "2026-01-02", "to": "2026-01-02"}
    problem(api.get(PATH, params=window), 422, "validation_failed")
    limited = api_with(Scope.INSIGHTS_READ, units=("izmir",))
    problem(limited.get(PATH, params={"index": "nps"}), 403, "limited_to_units")
