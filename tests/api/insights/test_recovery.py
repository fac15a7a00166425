"""The effect of recovery over HTTP: a recount by hand, a planted company, and honest words about few."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import record_rows
from sqlalchemy import Connection
from support import Api, problem, selects

from app.domain.common.access import Actor, Scope
from app.domain.recovery.matching import CELLS
from app.store.engine import Store
from app.store.tables import (
    Complaint,
    ComplaintEvent,
    ComplaintRecoveryStep,
    Customer,
    Survey,
    SurveyAnswer,
    SurveyResponse,
    SurveyVersion,
    Transaction,
)
from app.store.types import new_id

PATH = "/v1/insights/recovery"
NOW = datetime.now(UTC).replace(microsecond=0)
Row = dict[str, Any]


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def customer(n: int) -> Row:
    name = f"Customer {n}"
    empty: Row = {"contact_points": [], "external_ids": [], "tags": [], "attributes": {}}
    known: Row = {"kind": "person", "name": name, "name_key": name.casefold(), "lifecycle": "active"}
    return {"id": new_id(), "version": 1, "created_at": ago(900), "updated_at": ago(900), **known, **empty}


def bought(who: Row, days: float, minor: int = 1000, **members: Any) -> Row:
    at = {"occurred_at": ago(days), "recorded_at": ago(days)}
    key = {"id": new_id(), "source": "till", "external_id": str(new_id()), "customer_id": who["id"]}
    return {**key, "kind": "purchase", "amount_minor": minor, "currency": "TRY", **at, **members}


def complained(who: Row, days: float, solved_after: float | None = None, **members: Any) -> Row:
    solved: Row = {"leading_complaint_id": None}
    if solved_after is not None:
        at = ago(days - solved_after)
        solved |= {"state": "closed", "resolved_at": at, "closed_at": at}
    return record_rows.complaint(who["id"], ago(days), **{**solved, **members})


def _fill(tx: Connection, actor: Actor, tables: list[tuple[Any, list[Row]]]) -> None:
    for table, rows in tables:
        record_rows.store(tx, actor, table, rows)


def fill(store: Store, actor: Actor, **rows: list[Row]) -> None:
    """Put rows into the tables: customers, transactions, complaints, events, steps."""
    tables = {
        "customers": Customer,
        "transactions": Transaction,
        "complaints": Complaint,
        "events": ComplaintEvent,
        "steps": ComplaintRecoveryStep,
    }
    store.write_sync(_fill, actor, [(table, rows.get(name, [])) for name, table in tables.items()])


def answered(store: Store, actor: Actor, given: list[tuple[Row, float, int]], *, to: int = 5) -> None:
    """Answers from 1 on to a question of satisfaction: who, how many days ago, and which."""
    survey = record_rows.survey()
    question = {"code": "q", "kind": "csat", "scale_min": 1, "scale_max": to, "weight": 1}
    version = {"survey_id": survey["id"], "number": 1, "questions": [question], "created_at": ago(900)}
    responses = [record_rows.response(survey, who["id"], ago(days)) for who, days, _ in given]
    scale = {"kind": "csat", "scale_min": 1, "scale_max": to}
    answers = [
        record_rows.answer(response, "q", number=number, **scale)
        for response, (_, _, number) in zip(responses, given, strict=True)
    ]
    tables = [(Survey, [survey]), (SurveyVersion, [version])]
    store.write_sync(_fill, actor, [*tables, (SurveyResponse, responses), (SurveyAnswer, answers)])


def outcome(report: Row, name: str) -> Row:
    [found] = [one for one in report["outcomes"] if one["outcome"] == name]
    return found


def compared(part: Row, name: str, comparison: str) -> Row:
    [found] = [one for one in outcome(part, name)["comparisons"] if one["comparison"] == comparison]
    return found


def sizes(report: Row, name: str = "returned") -> dict[str, int]:
    return {group["group"]: group["n"] for group in outcome(report, name)["groups"]}


WINDOW = {"from": str(ago(400).date()), "to": str(ago(150).date())}


@pytest.fixture
def people() -> list[Row]:
    return [customer(n) for n in range(12)]


def test_groups_are_recounted_by_hand(api: Api, store: Store, actor: Actor, people: list[Row]) -> None:
    """Solved 30 days after is recovered; what happened to whom, and what came of it, is plain to see."""
    recovered, late, open_, again, young, stranger, repeated, *others = people
    complaints = {
        "recovered": complained(recovered, 300, 5),
        "late": complained(late, 300, 40),
        "open": complained(open_, 300),
        "again": complained(again, 300, 3, reopened_count=1),
        "young": complained(young, 160, 5),
        "stranger": complained(stranger, 300, 5),
        "first_counts": complained(recovered, 200),
    }
    led = complained(repeated, 300, leading_complaint_id=complaints["recovered"]["id"])
    events = [
        record_rows.complaint_event(complaints["again"], n, ago(days), kind=kind, state=state)
        for n, (days, kind, state) in enumerate(
            [(300, "received", "open"), (297, "resolved", "resolved"), (290, "reopened", "in_progress")], 1
        )
    ]
    buyers = [one for one in people if one is not stranger]
    sales = [bought(who, 310 + n) for n, who in enumerate(buyers)]
    sales += [bought(recovered, 265), bought(late, 275), bought(again, 100), bought(others[0], 0)]
    fill(
        store,
        actor,
        customers=people,
        transactions=sales,
        complaints=[*complaints.values(), led],
        events=events,
    )
    answered(store, actor, [(recovered, 260, 5), (recovered, 250, 4), (late, 280, 1), (open_, 200, 2)])
    report = api.get(PATH, params={**WINDOW, "horizon_days": 150}).json()
    assert report["left_out"] == {"open_horizon": 1, "no_earlier_purchase": 1}
    assert report["looked_at"] == 1
    # Who repeats another's complaint is not one without.
    assert sizes(report) == {"no_failure": len(others), "recovered": 1, "not_recovered": 3}
    values = {group["group"]: group["value"] for group in outcome(report, "returned")["groups"]}
    assert (values["recovered"], values["not_recovered"]) == (1, 0)  # 275 days ago is before they are watched
    assert {
        group["group"]: (group["n"], group["value"]) for group in outcome(report, "satisfaction")["groups"]
    } == {
        "no_failure": (0, None),
        "recovered": (1, 87.5),
        "not_recovered": (1, 25),
    }
    assert {one["verdict"] for one in outcome(report, "returned")["comparisons"]} == {"too_few"}
    assert not outcome(report, "returned")["is_paradox"]


@pytest.fixture
def planted(store: Store, actor: Actor) -> None:
    """A company where 60 % of the recovered return, 30 % of those not recovered and 50 % of the others, and
    where satisfaction is 90, 40 and 70. Half of each are good customers, half are not."""
    rng = np.random.default_rng(1)
    groups = [(None, 0.5, 4), (5.0, 0.6, 5), (90.0, 0.3, 2)]
    people, sales, complaints, steps, given = [], [], [], [], []
    for solved_after, share, mark in groups:
        for n in range(120):
            who = customer(n)
            people.append(who)
            sales.append(bought(who, 330 + n % 20, 90_000 if n % 2 else 500))
            if solved_after is not None or share == 0.3:
                complaint = complained(who, 300, solved_after)
                complaints.append(complaint)
                step = {"id": new_id(), "complaint_id": complaint["id"], "recorded_at": NOW, "actor_id": "t"}
                cause = {"kind": "cause", "cause": "van", "fault": "us" if n % 3 else "supplier"}
                steps.append({**step, **cause, "at": ago(290)})
                if n % 4 == 0:
                    steps.append({**step, "id": new_id(), "kind": "apology", "text": "Sorry", "at": ago(298)})
            if rng.random() < share:
                sales.append(bought(who, 250))
            given.append((who, 240.0, int(np.clip(mark + rng.integers(-1, 2), 1, 5))))
    sales.append(bought(people[0], 0))
    for step in steps:
        step.setdefault("cause", None), step.setdefault("fault", None), step.setdefault("text", None)
    fill(store, actor, customers=people, transactions=sales, complaints=complaints, steps=steps)
    answered(store, actor, given)


@pytest.mark.usefixtures("planted")
def test_a_planted_effect_is_found_and_held(api: Api) -> None:
    report = api.get(PATH, params=WINDOW).json()
    assert sizes(report) == {"no_failure": 120, "recovered": 120, "not_recovered": 120}
    for comparison, truth, verdict in (
        ("recovery_gain", 0.3, "higher"),
        ("failure_cost", -0.2, "lower"),
        ("paradox", 0.1, None),
    ):
        found = compared(report, "returned", comparison)
        assert found["low"] <= truth <= found["high"]
        assert found["difference"] == pytest.approx(found["first_value"] - found["second_value"])
        assert verdict in (None, found["verdict"])
        assert 1 < found["strata"] <= CELLS
    satisfied = outcome(report, "satisfaction")
    assert satisfied["is_paradox"]
    assert compared(report, "satisfaction", "paradox")["verdict"] == "higher"


@pytest.mark.usefixtures("planted")
def test_parts_share_the_customers_without_a_failure_and_add_up(api: Api) -> None:
    whole = sizes(api.get(PATH, params=WINDOW).json())
    for by, keys in (("fault", ["supplier", "us"]), ("apology", ["apology", "none"]), ("speed", [None])):
        report = api.get(PATH, params={**WINDOW, "by": by}).json()
        assert [part["key"] for part in report["parts"]] == keys
        counts = [sizes(part) for part in report["parts"]]
        assert {one["no_failure"] for one in counts} == {whole["no_failure"]}
        assert sum(one["recovered"] for one in counts) == whole["recovered"]
        others = sum(one["not_recovered"] for one in counts)
        assert others == whole["not_recovered"] * (1 if by == "fault" else len(keys))


def test_the_worked_example_over_http(api: Api, store: Store, actor: Actor) -> None:
    """Answers of 1 to 10 are points of 100 / 9: 0.9667 [-0.145, 2.078] is 10.74 [-1.61, 23.09]."""
    given: list[tuple[Row, float, int]] = []
    complaints = []
    marks = {5.0: [9, 8, 10, 9, 8], 90.0: [3, 4, 2, 5], None: [8, 7, 9, 8, 8, 7]}
    for solved_after, numbers in marks.items():
        for number in numbers:
            who = customer(number)
            given.append((who, 220.0, number))
            if solved_after is not None:
                complaints.append(complained(who, 300, solved_after))
    people = [who for who, _, _ in given]
    sales = [bought(who, 320) for who in people] + [bought(people[0], 0)]
    fill(store, actor, customers=people, transactions=sales, complaints=complaints)
    answered(store, actor, given, to=10)
    report = api.get(PATH, params=WINDOW).json()
    said = {
        one["comparison"]: tuple(round(one[name] * 9 / 100, 3) for name in ("difference", "low", "high"))
        for one in outcome(report, "satisfaction")["comparisons"]
    }
    assert said == {
        "paradox": (0.967, -0.145, 2.078),
        "failure_cost": (-4.333, -6.252, -2.414),
        "recovery_gain": (5.3, 3.375, 7.225),
    }
    assert not outcome(report, "satisfaction")["is_paradox"]


def test_no_end_lies_beyond_what_points_can_differ_by(api: Api, store: Store, actor: Actor) -> None:
    given = [(customer(number), 220.0, number) for number in (1, 5, 1, 5)]
    people = [who for who, _, _ in given]
    sales = [bought(who, 320) for who in people] + [bought(people[0], 0)]
    fill(
        store,
        actor,
        customers=people,
        transactions=sales,
        complaints=[complained(one, 300, 5) for one in people[:2]],
    )
    answered(store, actor, given)
    found = compared(api.get(PATH, params=WINDOW).json(), "satisfaction", "paradox")
    assert (found["low"], found["high"], found["verdict"]) == (-100, 100, "too_few")


@pytest.mark.usefixtures("planted")
def test_the_file_has_the_comparisons_of_the_report(api: Api) -> None:
    query = {**WINDOW, "by": "apology"}
    answer = api.get(f"{PATH}.csv", params=query, headers={"Accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    report = api.get(PATH, params=query).json()
    assert [line["key"] for line in lines] == ["*"] * 6 + ["apology"] * 6 + ["none"] * 6
    told = compared(report, "returned", "recovery_gain")
    [line] = [
        one
        for one in lines
        if (one["key"], one["outcome"], one["comparison"]) == ("*", "returned", "recovery_gain")
    ]
    assert (float(line["low"]), line["verdict"]) == (told["low"], told["verdict"])


@pytest.mark.usefixtures("planted")
def test_it_takes_few_statements_however_many_customers_there_are(api: Api) -> None:
    api.get(PATH, params=WINDOW)
    found = selects(api)
    api.get(PATH, params={**WINDOW, "by": "speed"})
    assert len(found) <= 12, found


def test_an_empty_company_has_nothing_to_say(api: Api) -> None:
    report = api.get(PATH, params={"by": "fault"}).json()
    assert sizes(report) == {"no_failure": 0, "recovered": 0, "not_recovered": 0}
    assert report["parts"] == []
    assert {one["verdict"] for one in outcome(report, "satisfaction")["comparisons"]} == {"too_few"}


@pytest.mark.parametrize(
    ("query", "member", "code"),
    [
        ({"by": "luck"}, "by", "enum"),
        ({"from": "2026-02-01", "to": "2026-01-01"}, "from", "window_order"),
        ({"horizon_days": 3}, "horizon_days", "greater_than_equal"),
        ({"recovery_days": 400}, "recovery_days", "less_than_equal"),
        ({"horizon": 90}, "horizon", "extra_forbidden"),
    ],
)
def test_what_cannot_be_asked_is_refused(api: Api, query: Row, member: str, code: str) -> None:
    refused = problem(api.get(PATH, params=query), 422, "validation_failed")
    assert [(one["pointer"], one["code"]) for one in refused["errors"]] == [(member, code)]


def test_it_is_the_whole_companys_and_speaks_the_callers_language(api: Api, api_with: Any) -> None:
    problem(api_with(Scope.INSIGHTS_READ, units=("izmir",)).get(PATH), 403, "limited_to_units")
    problem(api_with(Scope.COMPLAINTS_READ).get(PATH), 403, "insufficient_scope")
    said = [api.get(PATH, headers={"Accept-Language": one}).json()["limits"] for one in ("en", "tr", "az")]
    assert len({tuple(limits) for limits in said}) == 3
