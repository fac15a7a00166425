"""Quadrants of customers and what is told of them over HTTP, on both databases."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import factories
import pytest
from factories import NOON
from sqlalchemy import select
from support import Api, problem

from app.domain.common.access import Actor, Scope
from app.domain.satisfaction.expectation import QUADRANTS
from app.jobs.scoring import replay
from app.jobs.scoring.score import score
from app.schemas.scoring.replays import ReplayCreate
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.scoring import replays, runs
from app.services.scoring import run as scoring
from app.store.engine import Store
from app.store.scoring import run_results
from app.store.tables import CustomerScore

PATH = "/v1/insights/demanding-customers"
SCALE = {"min": 1, "max": 5}
QUESTIONS = [
    factories.question("overall", "csat", scale=SCALE, weight=1),
    factories.question("expected", "expectation", scale=SCALE),
]
AS_OF = "2026-04-01"
UNITS = ("ankara", "izmir")


def run(store: Store, actor: Actor, as_of: str = AS_OF) -> UUID:
    made = store.write_sync(runs.create, actor, ScoringRunCreate.model_validate({"as_of": as_of}))
    score(store, actor, made["id"])
    return UUID(str(made["id"]))


def say(store: Store, actor: Actor, who: UUID | None, overall: int, expected: int, **members: Any) -> None:
    store.write_sync(factories.response, actor, who, {"overall": overall, "expected": expected}, **members)


@pytest.fixture
def ids(store: Store, actor: Actor) -> list[UUID]:
    """Forty customers, each worth 1.00 more than the last, of whom the first thirty-six say how satisfied
    they are and what they expect; five expect each of 1 to 5, and the last four say nothing."""
    store.write_sync(factories.survey, actor, questions=QUESTIONS)
    made = store.write_sync(factories.customers_worth, actor, [100 * (n + 1) for n in range(40)])
    for place, who in enumerate(made[:36]):
        about = {"unit": UNITS[place % 2], "channel": "phone" if place % 3 else "store"}
        say(store, actor, who, 1 + place * 7 % 5, 1 + place % 5, **about)
    return made


def demandingness(api: Api, who: UUID) -> dict[str, Any] | None:
    shown: dict[str, Any] | None = api.get(f"/v1/customers/{who}").json()["demandingness"]
    assert api.get(f"/v1/customers/{who}/overview").json()["demandingness"] == shown
    return shown


def listed(api: Api, **params: Any) -> int:
    found = api.get("/v1/customers", params={"include": "total", "limit": 1, **params}).json()
    return int(found["total"])


def test_a_quadrant_is_shown_with_what_it_follows_from(
    api: Api, store: Store, actor: Actor, ids: list[UUID]
) -> None:
    assert demandingness(api, ids[0]) is None
    run(store, actor)
    window = {"index": "expectation", "from": "2025-04-01", "to": AS_OF}
    parts = api.get("/v1/insights/satisfaction", params=window).json()["overall"]["parts"]
    for place in range(36):
        satisfaction, expected = 25.0 * (place * 7 % 5), 25.0 * (place % 5)
        shown = demandingness(api, ids[place])
        assert shown is not None
        words = "demanding" if expected >= 50 else "undemanding"
        quadrant = f"{words}_{'satisfied' if satisfaction >= 70 else 'dissatisfied'}"
        assert (shown["quadrant"], shown["reference_median"]) == (quadrant, 50.0)
        assert (shown["satisfaction"], shown["expectation"]) == (satisfaction, expected)
        adjusted = satisfaction - parts["beta"] * (expected - parts["expectation_mean"])
        assert shown["adjusted"] == pytest.approx(adjusted, abs=1e-5)
        assert shown["answered_at"] == "2026-03-10T12:00:00Z"
    assert [demandingness(api, who) for who in ids[36:]] == [None] * 4
    shown_satisfaction = api.get(f"/v1/customers/{ids[0]}").json()["satisfaction"]
    assert shown_satisfaction.keys() == {"csat", "composite"}


def test_the_latest_response_with_both_counts(api: Api, store: Store, actor: Actor, ids: list[UUID]) -> None:
    later = (NOON + timedelta(days=1)).isoformat()
    say(store, actor, ids[0], 5, 5, answered_at=later)
    store.write_sync(factories.response, actor, ids[0], {"overall": 1}, answered_at=AS_OF + "T00:00:00+03:00")
    store.write_sync(factories.response, actor, ids[0], {"overall": 1}, answered_at="2026-03-20T00:00:00Z")
    run(store, actor)
    shown = demandingness(api, ids[0])
    assert shown is not None
    assert (shown["quadrant"], shown["answered_at"]) == ("demanding_satisfied", "2026-03-11T12:00:00Z")


def test_an_answer_of_more_than_a_year_ago_tells_no_quadrant(
    api: Api, store: Store, actor: Actor, ids: list[UUID]
) -> None:
    say(store, actor, ids[39], 5, 5, answered_at="2025-03-31T20:59:59Z")  # the day before, in Istanbul
    say(store, actor, ids[38], 5, 5, answered_at="2025-03-31T21:00:00Z")
    run(store, actor)
    assert demandingness(api, ids[39]) is None
    assert demandingness(api, ids[38]) is not None
    run(store, actor, "2026-04-02")  # goes on from the facts of the first
    assert demandingness(api, ids[38]) is None


def test_quadrants_tie_with_lists_the_index_and_the_satisfaction_report(
    api: Api, store: Store, actor: Actor, ids: list[UUID]
) -> None:
    for number in range(3):
        say(store, actor, None, 1 + number, 5, unit="izmir")  # nobody's: in the reference, in no quadrant
    run_id = run(store, actor)
    found = api.get(PATH).json()
    assert (found["run_id"], found["as_of"], found["n"]) == (str(run_id), AS_OF, 36)
    assert [row["quadrant"] for row in found["quadrants"]] == [
        "demanding_satisfied",
        "demanding_dissatisfied",
        "undemanding_satisfied",
        "undemanding_dissatisfied",
    ]
    shown = Counter(one["quadrant"] for who in ids if (one := demandingness(api, who)) is not None)
    for row in found["quadrants"]:
        assert row["customers"] == shown[row["quadrant"]] == listed(api, quadrant=row["quadrant"])
        assert row["customers"] == sum(row["tiers"].values()) == sum(row["levels"].values())
        for tier in "ABC":
            assert row["tiers"][tier] == listed(api, quadrant=row["quadrant"], tier=tier)
        for level in ("healthy", "watch", "at_risk", "left"):
            assert row["levels"][level] == listed(api, quadrant=row["quadrant"], churn_level=level)
        assert row["customer_share"] == pytest.approx(row["customers"] / 36)
    parts = [*found["quadrants"], found["others"]]
    assert sum(part["customers"] for part in parts) == 40
    total = sum(round(100 * float(part["value"]["amount"])) for part in parts)
    assert total == sum(100 * (n + 1) for n in range(40))
    assert sum(row["value_share"] for row in found["quadrants"]) == pytest.approx(1)
    both = [row["quadrant"] for row in found["quadrants"][:2]]
    assert listed(api, quadrant=both) == sum(row["customers"] for row in found["quadrants"][:2])

    window = {"index": "expectation", "from": "2025-04-01", "to": AS_OF}
    for by, member in (("unit", "units"), ("channel", "channels")):
        report = api.get("/v1/insights/satisfaction", params={**window, "by": by}).json()
        told = {row["key"]: row for row in report["groups"] if row["n"]}
        rows = found["comparison"][member]
        assert [row["key"] for row in rows] == list(told)
        for row in [*rows, found["comparison"]["overall"]]:
            same = told[row["key"]] if "key" in row else report["overall"]
            assert (row["n"], row["adjusted"], row["low"], row["high"]) == (
                same["n"],
                same["score"],
                same["low"],
                same["high"],
            )
            assert (row["low_sample"], row["rankable"]) == (same["low_sample"], same["rankable"])
            assert row["unadjusted"] == same["parts"]["satisfaction_mean"]
            assert row["quadrants"] == {name: same["parts"][name] for name in QUADRANTS}
            assert row.get("shrunk") == same.get("shrunk_score")
    whole = found["comparison"]["overall"]
    assert (found["reference"]["n"], whole["n"]) == (39, 39)
    assert sum(whole["quadrants"].values()) == found["n"] + 3


def test_competitors_stand_beside_units(api: Api, store: Store, actor: Actor, ids: list[UUID]) -> None:
    assert ids
    body = {"source": "Panel", "competitor": "Yuva", "index": "composite", "value": 60, "n": 400, "sd": 20}
    body |= {"measured_on": "2026-03-15", "expectation_mean": 40}
    assert api.post("/v1/competitor-measurements", json=body).status_code == 201
    run(store, actor)
    window = {"index": "composite", "from": "2025-04-01", "to": AS_OF}
    [told] = api.get("/v1/insights/competitors", params=window).json()["competitors"]
    del told["history"]
    assert api.get(PATH).json()["comparison"]["competitors"] == [told]
    assert told["corrected"] is not None


def test_without_answers_there_are_no_quadrants_and_nothing_is_kept(
    api: Api, store: Store, actor: Actor
) -> None:
    problem(api.get(PATH), 404, "not_found")
    store.write_sync(factories.customers_worth, actor, [100, 200])
    run_id = run(store, actor)
    found = api.get(PATH, params={"run_id": str(run_id)}).json()
    assert (found["n"], found["others"]["customers"]) == (0, 2)
    assert {row["customers"] for row in found["quadrants"]} == {0}
    assert {row["customer_share"] for row in found["quadrants"]} == {None}
    assert found["reference"]["expectation_median"] is None
    assert found["comparison"]["units"] == []
    assert listed(api, quadrant="demanding_satisfied") == 0


def test_what_others_answer_moves_quadrants_and_writes_only_who_moved(
    api: Api, store: Store, actor: Actor, ids: list[UUID]
) -> None:
    run(store, actor)
    before = [demandingness(api, who) for who in ids]
    for _ in range(40):
        say(store, actor, None, 3, 4)  # the median is 75 from now on
    made = store.write_sync(runs.create, actor, ScoringRunCreate.model_validate({"as_of": AS_OF}))
    given = store.read_sync(scoring.read, actor, made["id"])
    result = scoring.compute(given, lambda _stage: None)
    saved = store.write_sync(scoring.save, actor, given, result, run_results.packed(result.columns))
    after = [demandingness(api, who) for who in ids]
    moved = sum(
        one["quadrant"] != other["quadrant"]
        for one, other in zip(before, after, strict=True)
        if one is not None and other is not None
    )
    assert moved == 7  # those who expect 3 of 5
    assert saved == {"rows_written": moved, "is_current": True}
    assert {one["reference_median"] for one in after if one is not None} == {75.0}


def test_a_replay_says_that_late_answers_of_nobody_moved_quadrants(
    store: Store, actor: Actor, ids: list[UUID]
) -> None:
    assert ids
    run_id = run(store, actor)
    for late, remarks in ((0, []), (40, ["fitted_to_all"])):
        for _ in range(late):
            say(store, actor, None, 3, 4)
        made = store.write_sync(replays.create, actor, ReplayCreate(run_id=run_id))
        replay.run(store, actor, made["id"])
        found = store.read_sync(replays.get, actor, made["id"])["result"]
        differing = {one["name"]: one["customers"] for one in found["columns"] if one["customers"]}
        assert differing == ({"quadrant": 7} if late else {})
        assert found["remarks"] == remarks


def test_rows_hold_what_columns_say(store: Store, actor: Actor, ids: list[UUID]) -> None:
    run_id = run(store, actor)
    columns = store.read_sync(run_results.load_columns, run_id)
    expected = {
        UUID(bytes=who.ljust(16, b"\0")): None if place < 0 else QUADRANTS[place]
        for who, place in zip(columns["customer_id"].tolist(), columns["quadrant"].tolist(), strict=True)
    }
    rows = store.read_sync(
        lambda tx: {
            row.customer_id: row.quadrant
            for row in tx.execute(select(CustomerScore.customer_id, CustomerScore.quadrant))
        }
    )
    assert rows == expected
    assert set(ids) == rows.keys()


def test_bad_questions_and_callers(api: Api, api_with: Callable[..., Api]) -> None:
    assert api.get("/v1/customers", params={"quadrant": "demanding"}).status_code == 422
    assert api.get(PATH, params={"quadrant": "demanding_satisfied"}).status_code == 422
    limited = api_with(Scope.INSIGHTS_READ, units=("izmir",))
    problem(limited.get(PATH), 403, "limited_to_units")
    problem(api_with(Scope.CUSTOMERS_READ).get(PATH), 403, "insufficient_scope")
