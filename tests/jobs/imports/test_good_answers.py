"""Responses of files with answers that do not fit: the good ones are kept, the bad ones counted."""

from collections.abc import Sequence
from typing import Any

import factories
import pytest
from import_helpers import Row, counts, take_in
from sqlalchemy import select

from app.domain.common.access import Actor
from app.domain.imports.mapping import Mapping
from app.schemas.insights.satisfaction import SatisfactionQuery
from app.services.insights import satisfaction_report
from app.store.engine import Store
from app.store.tables import AuditEntry, Customer, SurveyAnswer, SurveyResponse

ITEMS = ("a", "b", "c")
ONE_TO_TEN = {"min": 1, "max": 10}
READ = Mapping.from_dict(
    {
        "kind": "responses",
        "source": "panel",
        "customer_system": "crm",
        "create_missing": True,
        "columns": {
            "external_id": "id",
            "customer_key": "who",
            "survey": "=mobi",
            "answered_at": "=2026-03-10",
        }
        | {"survey_version": "=1"}
        | {f"answer.{code}": code for code in (*ITEMS, "offer", "again")},
    }
)


@pytest.fixture(autouse=True)
def _survey(store: Store, actor: Actor) -> None:
    questions: list[Any] = [factories.question(code, "rating", scale=ONE_TO_TEN) for code in ITEMS]
    choices = [{"code": code, "texts": {"en": code}} for code in ("yes", "no")]
    questions += [
        factories.question("offer", "choice", choices=choices),
        factories.question("again", "nps", required=True),
    ]
    store.write_sync(factories.survey, actor, code="mobi", questions=questions)


def file_of(*rows: str) -> bytes:
    return "\n".join(["id,who,a,b,c,offer,again", *rows, ""]).encode()


def report(store: Store, actor: Actor, index: str) -> Row:
    query = SatisfactionQuery(index=index, survey="mobi", from_="2026-03-01", to="2026-04-01")
    found: Row = store.read_sync(satisfaction_report.report, actor, query, "en")["overall"]
    return found


def stored(store: Store) -> list[tuple[Any, ...]]:
    columns = (SurveyAnswer.question, SurveyAnswer.number, SurveyAnswer.choice, SurveyAnswer.excluded)
    of_response = SurveyResponse.id == SurveyAnswer.response_id
    rows = select(SurveyResponse.external_id, *columns).join_from(SurveyAnswer, SurveyResponse, of_response)
    ordered = rows.order_by(SurveyResponse.external_id, SurveyAnswer.question)
    return [tuple(row) for row in store.read_sync(lambda tx: tx.execute(ordered).all())]


def refusals(row: Row) -> Sequence[tuple[str, int]]:
    return list(row["refused_by_reason"].items())


def test_a_bad_answer_costs_itself_and_is_counted(store: Store, actor: Actor) -> None:
    file = file_of(
        "R1,A,0,4,6,yes,9", "R2,B,2,8.5,eight,maybe,11", "R3,C,0,11,,,", "R4,D,,,,,", "R5,E,10,10,10,no,"
    )
    row = take_in(store, actor, file, READ)
    assert counts(row) == (5, 3, 0, 2)
    assert refusals(row) == [("answer_outside_scale", 1), ("no_answers", 1)]
    assert row["answers_excluded"] == {
        "composite": {"out_of_range": 1, "wrong_scale": 2},
        "nps": {"out_of_range": 1},
        "none": {"wrong_scale": 1},
    }
    assert [one for one in stored(store) if one[-1] is not None] == [
        ("R1", "a", None, None, "out_of_range"),
        ("R2", "again", None, None, "out_of_range"),
        ("R2", "b", None, None, "wrong_scale"),
        ("R2", "c", None, None, "wrong_scale"),
        ("R2", "offer", None, None, "wrong_scale"),
    ]
    composite = report(store, actor, "composite")
    # R1 answers 4 and 6 of two thirds of the weight; R2 only a third, so it is incomplete.
    assert (composite["n"], composite["excluded"]) == (
        2,
        {"wrong_scale": 2, "out_of_range": 1, "incomplete": 1, "replaced": 0},
    )
    assert composite["score"] == pytest.approx((100 * (3 + 5) / 18 + 100) / 2)
    nps = report(store, actor, "nps")
    assert (nps["n"], nps["score"]) == (1, 100.0)
    assert nps["excluded"] == {"skipped": 1, "wrong_scale": 0, "out_of_range": 1, "replaced": 0}


def test_a_dry_run_counts_them_and_the_same_file_again_does_not(store: Store, actor: Actor) -> None:
    file = file_of("R1,A,0,4,6,yes,9", "R1,A,0,4,6,yes,9", "R1,A,11,4,6,yes,8")
    dry = take_in(store, actor, file, READ, dry_run=True)
    row = take_in(store, actor, file, READ)
    again = take_in(store, actor, file, READ)
    assert counts(dry) == counts(row) == (3, 1, 1, 1)
    assert dry["answers_excluded"] == row["answers_excluded"] == {"composite": {"out_of_range": 1}}
    assert (counts(again), again["answers_excluded"]) == ((3, 0, 2, 1), {})


def test_better_answers_fill_in_what_was_bad(store: Store, actor: Actor) -> None:
    take_in(store, actor, file_of("R1,A,0,4,,yes,9", "R2,B,5,5,5,,5"), READ)
    seen = store.read_sync(lambda tx: tx.execute(select(Customer.updated_at)).scalars().all())
    better = take_in(store, actor, file_of("R1,A,1,4,7,yes,9", "R2,B,5,5,5,,5"), READ)
    assert (counts(better), better["rows_updated"]) == ((2, 0, 1, 0), 1)
    assert [one[2] for one in stored(store)[:4]] == [1, 9, 4, 7]
    assert {one[-1] for one in stored(store)} == {None}
    now_seen = store.read_sync(lambda tx: tx.execute(select(Customer.updated_at)).scalars().all())
    assert len(set(now_seen) - set(seen)) == 1  # the next run reads this customer again
    told = select(AuditEntry.action).where(AuditEntry.action == "response.completed")
    assert len(store.read_sync(lambda tx: tx.execute(told).all())) == 1
    again = take_in(store, actor, file_of("R1,A,1,4,7,yes,9"), READ)
    assert (counts(again), again["rows_updated"]) == ((1, 0, 1, 0), 0)


@pytest.mark.parametrize(
    "row",
    [
        "R1,A,1,5,6,yes,9",  # another good answer
        "R1,A,1,4,,yes,9",  # one less
        "R1,A,1,4,12,yes,9",  # a bad one where there was a good one
        "R1,B,1,4,6,yes,9",  # somebody else
    ],
)
def test_good_answers_never_change(store: Store, actor: Actor, row: str) -> None:
    take_in(store, actor, file_of("R1,A,0,4,6,yes,9", "R9,B,5,5,5,,5"), READ)
    before = stored(store)
    sent = take_in(store, actor, file_of(row), READ)
    assert refusals(sent) == [("conflicting_duplicate", 1)]
    assert stored(store) == before
