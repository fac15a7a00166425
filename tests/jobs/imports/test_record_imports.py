"""Interactions, complaints and responses by the file, on both databases: every row counted once."""

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import factories
import pytest
from import_helpers import (
    RECORD_COLUMNS,
    RECORD_TABLES,
    Row,
    accounted,
    begin,
    counts,
    many_records,
    record_lines,
    record_mapping,
    record_totals,
    refused,
    set_up_survey,
    take_in,
)
from sqlalchemy import select, update

from app.domain.common.access import Actor
from app.errors import ConflictError
from app.jobs import registry
from app.jobs.imports import file_layout
from app.jobs.imports import run as work
from app.jobs.registry import Context
from app.services.imports import imports
from app.services.platform import jobs
from app.settings import Settings
from app.store.engine import Store
from app.store.tables import (
    AuditEntry,
    Complaint,
    ComplaintEvent,
    Customer,
    Event,
    Import,
    ImportTrial,
    Interaction,
    SurveyAnswer,
    SurveyInvitation,
    SurveyResponse,
)

KINDS = sorted(RECORD_COLUMNS)
DAY = "2026-03-10T12:00:00Z"


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> int:
    """Files come in batches of ten lines."""
    monkeypatch.setattr(file_layout, "BATCH_LINES", 10)
    return 10


@pytest.fixture(autouse=True)
def _survey(store: Store, actor: Actor) -> None:
    set_up_survey(store, actor)


def rows_of(store: Store, table: Any) -> list[Any]:
    found = store.read_sync(lambda tx: tx.execute(select(table.__table__).order_by(table.id)).all())
    return list(found)


def contents(store: Store, kind: str) -> list[Any]:
    """What the records say, without their ids and times of recording."""
    table = RECORD_TABLES[kind].__table__
    left_out = {"id", "number", "recorded_at", "updated_at", "import_id", "customer_id"}
    columns = [column for column in table.columns if column.key not in left_out]
    return sorted(store.read_sync(lambda tx: tx.execute(select(*columns)).all()), key=str)


def import_row(store: Store, import_id: Any) -> Row:
    found = store.read_sync(
        lambda tx: tx.execute(select(Import.__table__).where(Import.id == import_id)).mappings().one()
    )
    return dict(found)


def revert(store: Store, actor: Actor, row: Row) -> None:
    store.write_sync(imports.revert, actor, row["id"])
    work.run_reversal(store, actor, row["id"])


# --- what is stored


def test_a_row_becomes_an_interaction(store: Store, actor: Actor) -> None:
    columns = {
        "external_id": "id", "customer_key": "who", "started_at": "day,time", "ended_at": "end",
        "channel": "channel", "direction": "=inbound", "purpose": "=question", "phase": "phase",
        "agent": "agent", "unit": "=izmir", "wait_seconds": "wait", "talk_seconds": "talk",
        "hold_seconds": "hold", "wrap_seconds": "wrap", "disposition": "=resolved", "topic": "topic",
        "resolved_on_first_contact": "fcr", "sentiment": "mood", "notes": "notes", "recording_url": "url",
    }  # fmt: skip
    read = record_mapping("interactions", columns=columns, time_zone="Europe/Istanbul", delimiter=";")
    file = (
        "id;who;day;time;end;channel;phase;agent;wait;talk;hold;wrap;topic;fcr;mood;notes;url\n"
        "I1;Ç-1;2026-03-10;15:00:00;2026-03-10 15:04;phone;after;Ayşe K;25;180.0;0;;teslimat;Y;negative;"
        '"a\nb";https://pbx.example/1.ogg\n'
    ).encode()
    row = take_in(store, actor, file, read)
    assert (counts(row), row["customers_created"]) == ((1, 1, 0, 0), 1)
    [one] = rows_of(store, Interaction)
    [customer] = rows_of(store, Customer)
    assert one.customer_id == customer.id
    assert customer.created_by_import_id == one.import_id == row["id"]
    assert customer.external_ids == [{"system": "crm", "key": "Ç-1"}]
    assert (one.source, one.external_id, one.channel, one.direction) == ("pos", "I1", "phone", "inbound")
    assert one.started_at == datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert one.ended_at == datetime(2026, 3, 10, 12, 4, tzinfo=UTC)
    assert (one.wait_seconds, one.talk_seconds, one.hold_seconds, one.wrap_seconds) == (25, 180, 0, None)
    assert (one.agent, one.unit, one.topic, one.notes) == ("Ayşe K", "izmir", "teslimat", "a\nb")
    assert (one.purpose, one.phase, one.disposition) == ("question", "after", "resolved")
    assert (one.resolved_on_first_contact, one.sentiment) == (True, "negative")
    assert one.recording_url == "https://pbx.example/1.ogg"
    assert row["created_at"] <= one.recorded_at == one.updated_at


def test_rows_become_past_complaints_with_their_events(store: Store, actor: Actor) -> None:
    columns = {
        "external_id": "id", "customer_key": "who", "received_at": "at", "subject": "about", "text": "text",
        "channel": "=phone", "category": "=delivery", "product": "product", "severity": "severity",
        "our_fault": "=yes", "owner": "owner", "unit": "=izmir", "acknowledged_at": "seen",
        "resolved_at": "solved", "closed_at": "closed", "resolution": "done",
    }  # fmt: skip
    file = (
        b"id,who,at,about,text,product,severity,owner,seen,solved,closed,done\n"
        b"C1,A,2026-01-01,Late,,Kettle,high,ayse,2026-01-02,2026-01-03,2026-01-04,Sent again\n"
        b"C2,A,2026-01-01,Late,,,low,,2026-01-02,,,\n"
        b"C3,A,2026-01-01,Late,It was late,,normal,,,,,\n"
    )
    read = record_mapping("complaints", columns=columns)
    assert counts(take_in(store, actor, file, read)) == (3, 3, 0, 0)
    found = {one.external_id: one for one in rows_of(store, Complaint)}
    assert [found[key].state for key in ("C1", "C2", "C3")] == ["closed", "acknowledged", "open"]
    one = found["C1"]
    assert (one.owner, one.resolution, one.version, one.severity) == ("ayse", "Sent again", 4, "high")
    assert one.closed_at == datetime(2026, 1, 4, tzinfo=UTC)
    assert found["C3"].owner == actor.company.complaint_owner
    told = store.read_sync(
        lambda tx: (
            tx.execute(
                select(ComplaintEvent.kind)
                .where(ComplaintEvent.complaint_id == one.id)
                .order_by(ComplaintEvent.number)
            )
            .scalars()
            .all()
        )
    )
    assert list(told) == ["received", "acknowledged", "resolved", "closed"]


def test_rows_become_responses_with_their_answers(store: Store, actor: Actor) -> None:
    store.write_sync(factories.survey, actor)  # "delivery": recommend, delivery, why, remark
    columns = {
        "external_id": "id", "customer_key": "who", "answered_at": "=2026-03-01", "survey": "=delivery",
        "channel": "=store", "agent": "=desk-2", "unit": "unit", "phase": "=after", "category": "=shoes",
        "language": "=tr", "answer.recommend": "Q1", "answer.delivery": "Q2", "answer.why": "Q3",
        "answer.remark": "Q4",
    }  # fmt: skip
    file = (
        b"id,who,unit,Q1,Q2,Q3,Q4\nF1,A,izmir,9.0,4,price,fine\nF2,,ankara,0,,,\n"
        b"F3,A,izmir,,,,\nF4,A,izmir,,,colour,\nF5,A,izmir,11,6,,\n"
    )
    read = record_mapping("responses", columns={**columns, "survey_version": "=1"})
    row = take_in(store, actor, file, read)
    assert counts(row) == (5, 2, 0, 3)
    bad = store.read_sync(imports.refused_after, actor, row["id"], 0, 100)
    assert [(one["code"], one["column"]) for one in bad] == [
        ("no_answers", ""),
        ("unknown_value", "answer.why"),
        ("answer_outside_scale", "answer.recommend"),
    ]
    found = {one.external_id: one for one in rows_of(store, SurveyResponse)}
    one, nobody = found["F1"], found["F2"]
    assert (one.channel, one.agent, one.unit, one.phase) == ("store", "desk-2", "izmir", "after")
    assert (one.category, one.language, one.survey_version) == ("shoes", "tr", 1)
    assert one.answered_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert (one.customer_id is None, nobody.customer_id) == (False, None)
    answers = store.read_sync(lambda tx: tx.execute(select(SurveyAnswer)).all())
    columns_read = [
        (row.response_id, row.question, row.number, row.choice, row.text)
        for row in store.read_sync(lambda tx: tx.execute(select(SurveyAnswer.__table__)).all())
    ]
    assert len(answers) == 8
    assert set(columns_read) == {
        (one.id, "recommend", 9, None, None),
        (one.id, "delivery", 4, None, None),
        (one.id, "why", None, "price", None),
        (one.id, "remark", None, None, "fine"),
        (nobody.id, "recommend", 0, None, None),
        (nobody.id, "delivery", None, None, None),  # skipped, and so counted as excluded
        (nobody.id, "why", None, None, None),
        (nobody.id, "remark", None, None, None),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_is_stored_repeated_or_refused(
    store: Store, actor: Actor, small_batches: int, kind: str
) -> None:
    rows = many_records(25).decode().splitlines()[1:]
    rows[3] = "R3,C1,10/03/2026,1,Talk,"
    rows[7] = "R7,C1,,1,Talk,"
    rows[8] = ",C1,2026-03-10T12:00:00Z,1,Talk,"
    rows[20] = rows[1]  # the same again, in another batch
    rows[21] = "R2,C0,2026-03-09T12:00:00Z,3,Other,"  # something else under a key that is taken
    file = record_lines(rows)
    row = take_in(store, actor, file, record_mapping(kind))
    assert counts(row) == (25, 20, 1, 4)
    reasons = ("conflicting_duplicate", "date_missing", "date_unreadable", "external_id_missing")
    assert row["refused_by_reason"] == dict.fromkeys(reasons, 1)
    assert refused(store, actor, row) == [
        (5, "date_unreadable"),
        (9, "date_missing"),
        (10, "external_id_missing"),
        (23, "conflicting_duplicate"),
    ]
    assert (row["state"], row["next_batch"], row["customers_created"]) == ("done", 3, 5)
    assert record_totals(store, kind) == (20, 5)
    before = contents(store, kind)
    again = take_in(store, actor, file, record_mapping(kind))
    assert (counts(again), again["customers_created"]) == ((25, 0, 21, 4), 0)
    assert contents(store, kind) == before


BAD = {
    "interactions": [
        ("x1,A,2026-03-10,-1,Talk,", "out_of_range", "talk_seconds"),
        ("x2,A,2026-03-10,1.2345,Talk,", "not_a_duration", "talk_seconds"),
        ("x3,A,2026-03-10,1," + "t" * 101 + ",", "text_too_long", "topic"),
        ("x4,A,2026-03-10,1,a\x07b,", "control_character", "topic"),
        ("x5,A,1899-03-10,1,Talk,", "date_out_of_range", "started_at"),
        ("x6," + "k" * 201 + ",2026-03-10,1,Talk,", "text_too_long", "customer_key"),
        ("y" * 201 + ",A,2026-03-10,1,Talk,", "text_too_long", "external_id"),
    ],
    "complaints": [
        ("x1,,2026-03-10,1,Talk,", "customer_missing", "customer_key"),
        ("x2,A,2026-03-10,1,,", "value_missing", "subject"),
        ("x3,A,2026-03-10,1,Talk,2026-03-09", "out_of_order", "resolved_at"),
        ("x4,A,2026-03-10,1,Talk,2050-03-10", "in_future", "resolved_at"),
    ],
    "responses": [
        ("x1,A,2026-03-10,11,,", "answer_outside_scale", "answer.recommend"),
        ("x2,A,2026-03-10,nine,,", "not_a_number", "answer.recommend"),
        ("x3,A,2026-03-10,,,", "no_answers", ""),
        ("x4,A,2026-03-10,," + "t" * 4001 + ",", "text_too_long", "answer.remark"),
        ("x5,A,2026-03-10,,a\x07b,", "control_character", "answer.remark"),
        ("x6,A,2026-03-10,1000,,", "answer_outside_scale", "answer.recommend"),
    ],
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_refused_row_says_which_column_and_why(store: Store, actor: Actor, kind: str) -> None:
    rows = ["good,A,2026-03-10,1,Talk,", *(row for row, _, _ in BAD[kind])]
    row = take_in(store, actor, record_lines(rows), record_mapping(kind))
    found = store.read_sync(imports.refused_after, actor, row["id"], 0, 100)
    assert [(one["line"], one["code"], one["column"]) for one in found] == [
        (line, code, column) for line, (_, code, column) in enumerate(BAD[kind], 3)
    ]
    assert counts(row) == (len(rows), 1, 0, len(rows) - 1)
    assert record_totals(store, kind) == (1, 1)  # no customer was made for what was refused


def test_what_a_value_must_be_is_told_by_the_resource(store: Store, actor: Actor) -> None:
    columns = {
        **RECORD_COLUMNS["interactions"], "channel": "a", "direction": "b", "unit": "c", "disposition": "d",
        "resolved_on_first_contact": "e", "ended_at": "f",
    }  # fmt: skip
    del columns["talk_seconds"], columns["topic"], columns["customer_key"]
    rows = [
        ("1,2026-03-10,phone,inbound,izmir,resolved,no,2026-03-10", None),
        ("2,2026-03-10,pigeon,inbound,izmir,resolved,no,2026-03-10", ("unknown_value", "channel")),
        ("3,2026-03-10,phone,,izmir,resolved,no,2026-03-10", ("value_missing", "direction")),
        ("4,2026-03-10,phone,inbound,İzmir 1,resolved,no,2026-03-10", None),
        ("5,2026-03-10,phone,inbound,izmir,never,no,2026-03-10", ("unknown_value", "disposition")),
        ("6,2026-03-10,phone,inbound,izmir,resolved,if,", ("not_a_flag", "resolved_on_first_contact")),
        ("7,2026-03-10,phone,inbound,izmir,resolved,no,2026-03-09", ("out_of_order", "ended_at")),
    ]  # fmt: skip
    file = "\n".join(["id,at,a,b,c,d,e,f", *(row for row, _ in rows), ""]).encode()
    row = take_in(store, actor, file, record_mapping("interactions", columns=columns))
    found = store.read_sync(imports.refused_after, actor, row["id"], 0, 100)
    assert [(one["code"], one["column"]) for one in found] == [reason for _, reason in rows if reason]


def test_json_lines_carry_numbers_and_truth_values(store: Store, actor: Actor) -> None:
    columns = {
        "external_id": "/call/id", "started_at": "/call/at", "channel": "=phone", "direction": "=inbound",
        "talk_seconds": "/call/talk", "resolved_on_first_contact": "fcr", "notes": "notes", "topic": "topic",
    }  # fmt: skip
    objects = [
        {"call": {"id": 1, "at": DAY, "talk": 12.0}, "fcr": True, "notes": "a\nb", "topic": None},
        {"call": {"id": "2", "at": DAY, "talk": None}, "fcr": "no"},
        {"call": {"id": 3, "at": DAY}, "topic": ["a"]},
        {"call": {"id": 4, "at": DAY}, "topic": "\ud800"},
        {"call": 5},
    ]
    file = gzip.compress("\n".join(map(json.dumps, objects)).encode())
    read = record_mapping("interactions", columns=columns, format="jsonl", create_missing=False)
    row = take_in(store, actor, file, read)
    assert counts(row) == (5, 2, 0, 3)
    assert refused(store, actor, row) == [
        (3, "control_character"),
        (4, "control_character"),
        (5, "external_id_missing"),
    ]
    found = {one.external_id: one for one in rows_of(store, Interaction)}
    assert (found["1"].talk_seconds, found["1"].resolved_on_first_contact, found["1"].notes) == (
        12,
        True,
        "a\nb",
    )
    assert (found["2"].talk_seconds, found["2"].resolved_on_first_contact) == (None, False)


def test_a_batch_leaves_one_audit_row_and_one_event(store: Store, actor: Actor, small_batches: int) -> None:
    for kind in KINDS:
        row = take_in(store, actor, many_records(29), record_mapping(kind))
        wanted = ["import.accepted", *["import.batch_stored"] * 3, "import.done"]
        for table, action in ((AuditEntry, AuditEntry.action), (Event, Event.type)):
            found = store.read_sync(
                lambda tx, table=table, action=action, since=row["created_at"]: (
                    tx.execute(select(action).where(table.at >= since).order_by(table.id)).scalars().all()
                )
            )
            assert list(found) == wanted, kind


# --- whose and about what


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_customers_are_refused_unless_they_are_to_be_created(
    store: Store, actor: Actor, kind: str
) -> None:
    take_in(store, actor, many_records(2, customers=2), record_mapping(kind))
    row = take_in(
        store, actor, many_records(4, customers=4, start=4), record_mapping(kind, create_missing=False)
    )
    assert counts(row) == (4, 2, 0, 2)
    assert refused(store, actor, row) == [(4, "unknown_customer"), (5, "unknown_customer")]
    row = take_in(store, actor, many_records(4, customers=4, start=4), record_mapping(kind))
    assert (counts(row), row["customers_created"]) == ((4, 2, 2, 0), 2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_caller_limited_to_units_reaches_their_customers_only(
    store: Store, actor: Actor, kind: str
) -> None:
    take_in(store, actor, many_records(2, customers=2), record_mapping(kind))
    limited = Actor("key:izmir", actor.scopes, units=frozenset({"izmir"}), company=actor.company)
    file = many_records(3, customers=3, start=9)
    dry = take_in(store, limited, file, record_mapping(kind), dry_run=True)
    row = take_in(store, limited, file, record_mapping(kind))
    assert refused(store, actor, row) == refused(store, actor, dry)
    assert refused(store, actor, row) == [(2, "unknown_customer"), (3, "unknown_customer")]
    assert counts(row) == counts(dry) == (3, 1, 0, 2)
    assert row["customers_created"] == dry["customers_created"] == 1


def test_what_is_nobodys_belongs_to_the_callers_unit(store: Store, actor: Actor) -> None:
    limited = Actor("key:izmir", actor.scopes, units=frozenset({"izmir", "ankara"}), company=actor.company)
    columns = {**RECORD_COLUMNS["interactions"], "unit": "about"}
    del columns["topic"]
    file = record_lines([f"R{n},,{DAY},1,{unit}," for n, unit in enumerate(["izmir", "bursa", ""])])
    row = take_in(store, limited, file, record_mapping("interactions", columns=columns, create_missing=False))
    assert refused(store, actor, row) == [(3, "unit_not_allowed"), (4, "unit_not_allowed")]
    assert [one.unit for one in rows_of(store, Interaction)] == ["izmir"]


def test_rows_name_the_interaction_they_are_about(store: Store, actor: Actor, small_batches: int) -> None:
    calls = record_lines([f"K1,A,{DAY},1,Talk,", f"K2,B,{DAY},1,Talk,", f"K3,,{DAY},1,Talk,"])
    columns = {**RECORD_COLUMNS["interactions"], "agent": "=ayse"}
    take_in(store, actor, calls, record_mapping("interactions", columns=columns, source="pbx"))
    ids = {one.external_id: one.id for one in rows_of(store, Interaction)}
    linked = {"interaction_external_id": "closed", "linked_source": "=pbx"}
    file = record_lines(
        [
            f"R1,A,{DAY},9,Talk,K1",
            f"R2,A,{DAY},9,Talk,K2",  # of another customer
            f"R3,A,{DAY},9,Talk,K9",  # not there
            f"R4,A,{DAY},9,Talk,",
            f"R5,N,{DAY},9,Talk,K3",  # of nobody: fits a new customer
            f"R6,M,{DAY},9,Talk,K1",  # a new customer's cannot be A's
        ]
    )
    for kind in ("complaints", "responses"):
        columns = {name: source for name, source in RECORD_COLUMNS[kind].items() if source != "closed"}
        version = {"survey_version": "=1"} if kind == "responses" else {}
        read = record_mapping(kind, columns={**columns, **linked, **version})
        dry = take_in(store, actor, file, read, dry_run=True)
        row = take_in(store, actor, file, read)
        assert counts(row) == counts(dry) == (6, 3, 0, 3)
        found = store.read_sync(imports.refused_after, actor, row["id"], 0, 100)
        assert [(one["line"], one["code"], one["column"]) for one in found] == [
            (3, "other_customer", "interaction_external_id"),
            (4, "unknown_record", "interaction_external_id"),
            (7, "other_customer", "interaction_external_id"),
        ]
        stored = {one.external_id: one.interaction_id for one in rows_of(store, RECORD_TABLES[kind])}
        assert stored == {"R1": ids["K1"], "R4": None, "R5": ids["K3"]}
    agents = {one.external_id: one.agent for one in rows_of(store, SurveyResponse)}
    assert agents == {"R1": "ayse", "R4": None, "R5": "ayse"}


def test_a_response_is_of_the_customer_it_is_linked_to_when_the_file_names_none(
    store: Store, actor: Actor
) -> None:
    calls = record_lines([f"K1,A,{DAY},1,Talk,", f"K2,,{DAY},1,Talk,"])
    take_in(store, actor, calls, record_mapping("interactions"))
    owners = {one.external_id: one.customer_id for one in rows_of(store, Interaction)}
    columns = {**RECORD_COLUMNS["responses"], "survey_version": "=1", "interaction_external_id": "closed"}
    file = record_lines([f"R1,,{DAY},9,x,K1", f"R2,,{DAY},9,x,K2", f"R3,,{DAY},9,x,"])
    row = take_in(store, actor, file, record_mapping("responses", columns=columns))
    assert {one.customer_id for one in rows_of(store, SurveyResponse)} == {None}  # an empty key is nobody's
    revert(store, actor, row)
    del columns["customer_key"]
    row = take_in(store, actor, file, record_mapping("responses", columns=columns))
    assert counts(row) == (3, 3, 0, 0)
    found = {one.external_id: one.customer_id for one in rows_of(store, SurveyResponse)}
    assert found == {"R1": owners["K1"], "R2": None, "R3": None}
    limited = Actor("key:izmir", actor.scopes, units=frozenset({"izmir"}), company=actor.company)
    read = record_mapping("responses", columns={**columns, "unit": "=izmir", "external_id": "=row"})
    row = take_in(store, limited, file, read)
    assert [code for _, code in refused(store, actor, row)] == ["unknown_record"] * 2


# --- dry runs


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_a_dry_run_counts_as_the_real_run_does(
    store: Store, actor: Actor, small_batches: int, kind: str, seed: int
) -> None:
    rng = random.Random(seed)  # noqa: S311 - the same files every time
    for _ in range(3):
        rows = [
            f"R{rng.randrange(40)},{rng.choice(['', *'ABCDEF'])},{rng.choice([DAY, DAY, DAY, 'x'])},"
            f"{rng.randrange(12)},Talk,"
            for _ in range(rng.randrange(1, 45))
        ]
        read = record_mapping(kind, create_missing=rng.random() < 0.7)
        before = record_totals(store, kind)
        dry = take_in(store, actor, record_lines(rows), read, dry_run=True)
        assert record_totals(store, kind) == before
        assert store.read_sync(lambda tx: tx.execute(select(ImportTrial)).all()) == []
        real = take_in(store, actor, record_lines(rows), read)
        assert counts(dry) == counts(real)
        assert dry["customers_created"] == real["customers_created"]
        assert refused(store, actor, dry) == refused(store, actor, real)
        assert accounted(real) == len(rows)
        after = record_totals(store, kind)
        assert after == (before[0] + real["rows_stored"], before[1] + real["customers_created"])


# --- killed and resumed


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_import_goes_on_where_it_was(
    store: Store, actor: Actor, small_batches: int, kind: str, dry_run: bool
) -> None:
    file, read = many_records(49), record_mapping(kind)
    row = begin(store, actor, file, read, dry_run=dry_run)

    def die(row: Row, _bytes: int) -> None:
        if row["next_batch"] > 2:
            raise Killed

    with pytest.raises(Killed):
        work.run(store, actor, row["id"], file, die)
    assert import_row(store, row["id"])["next_batch"] == 3
    assert store.read_sync(imports.find_unfinished, row["file_sha256"], read, dry_run) == row["id"]
    seen = []
    row = work.run(store, actor, row["id"], file, lambda row, _bytes: seen.append(row["next_batch"]))
    assert seen == [4, 5]
    assert (counts(row), row["customers_created"]) == ((49, 49, 0, 0), 5)
    assert record_totals(store, kind) == ((0, 0) if dry_run else (49, 5))


def test_a_command_killed_by_the_system_loses_nothing(
    settings: Settings, store: Store, actor: Actor, tmp_path: Path
) -> None:
    path = tmp_path / "calls.csv.gz"
    path.write_bytes(gzip.compress(many_records(6_000, customers=50), 1))
    flags = [f"{target}={source}" for target, source in RECORD_COLUMNS["interactions"].items()]
    columns = [part for flag in flags for part in ("--column", flag)]
    command = [
        sys.executable, "-c", "from app.cli import main; main()", "import", "interactions", str(path),
        "--source", "pos", "--create-missing", *columns,
    ]  # fmt: skip
    environment = {**os.environ, "VEFA_DATABASE_URL": settings.database_url}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while (
        not (found := store.read_sync(lambda tx: tx.execute(select(Import.next_batch)).scalars().all()))
        or found[0] < 2
    ):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    [row] = store.read_sync(imports.page, actor, imports.ImportQuery(), None).rows
    assert 1_000 <= row["rows_in"] < 6_000
    assert record_totals(store, "interactions")[0] == row["rows_stored"] == row["rows_in"]
    output = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert f"going on with import {row['id']}" in output.stderr
    assert "6,000 rows in = 6,000 stored + 0 repeated + 0 refused" in output.stdout
    assert record_totals(store, "interactions") == (6_000, 50)


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_takes_an_upload_in(
    store: Store, settings: Settings, actor: Actor, small_batches: int, monkeypatch: Any, kind: str
) -> None:
    monkeypatch.setattr(work, "UNIT_SECONDS", 0.0)
    file = gzip.compress(many_records(45))
    begun = store.write_sync(imports.begin, actor, record_mapping(kind))
    for number, start in enumerate(range(0, len(file), 100)):
        store.write_sync(imports.append_chunk, begun["id"], number, file[start : start + 100])
    digest = file_layout.digest(file)
    row = store.write_sync(imports.close_upload, actor, begun["id"], digest, len(file))
    registry.load()
    context = Context(store, settings.company, settings)
    job = store.write_sync(jobs.start, row["job_id"])
    assert job is not None
    done = []
    while not work.advance(context, job, len(done)):
        work._readers.clear()  # another worker goes on
        done.append(store.read_sync(jobs.get, actor, row["job_id"])["done"])
    assert (counts(import_row(store, row["id"])), done == sorted(done)) == ((45, 45, 0, 0), True)
    assert done[0] < done[-1] <= len(file)
    assert record_totals(store, kind) == (45, 5)


@pytest.mark.parametrize("kind", KINDS)
def test_imports_of_the_same_rows_side_by_side_store_each_once(
    store: Store, actor: Actor, small_batches: int, kind: str
) -> None:
    rows = many_records(80, customers=20).decode().splitlines()[1:]
    files = [record_lines(rows), record_lines(reversed(rows)), record_lines(rows[40:] + rows[:40])]
    with ThreadPoolExecutor(len(files)) as pool:
        done = list(pool.map(lambda file: take_in(store, actor, file, record_mapping(kind)), files))
    assert [row["rows_refused"] for row in done] == [0, 0, 0]
    assert sum(row["rows_stored"] for row in done) == 80
    assert sum(row["customers_created"] for row in done) == 20
    assert record_totals(store, kind) == (80, 20)


# --- taken back


@pytest.mark.parametrize("kind", KINDS)
def test_a_reverted_import_leaves_what_others_brought(
    store: Store, actor: Actor, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.imports.reversals.RECORDS_AT_ONCE", 7)
    monkeypatch.setattr("app.services.imports.reversals.DELETED_AT_ONCE", 3)
    first = take_in(store, actor, many_records(20, customers=10), record_mapping(kind))
    before = contents(store, kind)
    second = take_in(store, actor, many_records(30, customers=12, start=100), record_mapping(kind))
    assert second["customers_created"] == 2
    revert(store, actor, second)
    assert import_row(store, second["id"])["state"] == "reverted"
    assert contents(store, kind) == before
    assert record_totals(store, kind) == (20, 10)
    again = take_in(store, actor, many_records(30, customers=12, start=100), record_mapping(kind))
    assert (counts(again), again["customers_created"]) == ((30, 30, 0, 0), 2)
    revert(store, actor, first)
    revert(store, actor, again)
    assert record_totals(store, kind) == (0, 0)
    assert store.read_sync(lambda tx: tx.execute(select(SurveyAnswer)).all()) == []
    assert store.read_sync(lambda tx: tx.execute(select(ComplaintEvent)).all()) == []
    with pytest.raises(ConflictError):
        store.write_sync(imports.revert, actor, first["id"])


@pytest.mark.parametrize("record", ["interaction", "complaint", "response", "invitation"])
def test_a_customer_who_has_something_else_stays(store: Store, actor: Actor, record: str) -> None:
    row = take_in(store, actor, many_records(2, customers=2), record_mapping("interactions"))
    customer = rows_of(store, Customer)[0]
    make: Callable[..., Any] = getattr(factories, record)
    named = {"survey_code": "visit"} if record in ("response", "invitation") else {}
    store.write_sync(make, actor, customer.id, **named)
    revert(store, actor, row)
    assert [one.id for one in rows_of(store, Customer)] == [customer.id]


def test_nothing_that_stays_names_what_was_taken_back(store: Store, actor: Actor) -> None:
    row = take_in(store, actor, many_records(2, customers=1), record_mapping("interactions"))
    call, other = rows_of(store, Interaction)
    owner = call.customer_id
    complaint = store.write_sync(factories.complaint, actor, owner, interaction_id=str(call.id))
    about = {"interaction_id": str(other.id), "survey_code": "visit"}
    store.write_sync(factories.response, actor, owner, **about)
    store.write_sync(factories.invitation, actor, owner, **about)
    revert(store, actor, row)
    assert rows_of(store, Interaction) == []
    [after] = rows_of(store, Complaint)
    assert (after.id, after.interaction_id, after.version) == (complaint, None, 2)
    assert after.updated_at > after.recorded_at
    told = store.read_sync(
        lambda tx: tx.execute(
            select(ComplaintEvent.kind, ComplaintEvent.data).order_by(ComplaintEvent.number)
        ).all()
    )
    assert [(one.kind, one.data) for one in told] == [
        ("received", {}),
        ("changed", {"members": ["interaction_id"]}),
    ]
    for table in (SurveyResponse, SurveyInvitation):
        assert [one.interaction_id for one in rows_of(store, table)] == [None]


def test_complaints_are_taken_back_whatever_has_become_of_them(store: Store, actor: Actor) -> None:
    row = take_in(store, actor, many_records(3, customers=1), record_mapping("complaints"))
    first = rows_of(store, Complaint)[0]
    store.write_sync(factories.response, actor, None, complaint_id=str(first.id), survey_code="visit")

    def change(tx: Any) -> None:
        tx.execute(update(Complaint).values(version=Complaint.version + 1))

    store.write_sync(change)
    revert(store, actor, row)
    assert rows_of(store, Complaint) == []
    [response] = rows_of(store, SurveyResponse)
    assert response.complaint_id is None
