"""Complaints whose file says in a word how far they are, with the times of that or without."""

from typing import Any

import pytest
from import_helpers import Row, counts, take_in
from sqlalchemy import select

from app.domain.common.access import Actor
from app.domain.imports.mapping import Mapping
from app.schemas.common.base import Paging
from app.schemas.recovery.complaints import ComplaintQuery
from app.schemas.recovery.events import ComplaintResolution
from app.services.imports import imports
from app.services.recovery import complaints, steps
from app.store.engine import Store
from app.store.tables import Complaint
from app.store.types import new_id

COLUMNS = {
    "external_id": "id",
    "customer_key": "who",
    "received_at": "at",
    "subject": "=Late",
    "state": "state",
    "resolved_at": "solved",
    "closed_at": "closed",
    "changed_at": "changed",
}
READ = Mapping.from_dict(
    {
        "kind": "complaints",
        "source": "desk",
        "customer_system": "crm",
        "create_missing": True,
        "time_zone": "UTC",
        "columns": COLUMNS,
        "values": ["state:Erledigt=resolved"],
    }
)


def send(store: Store, actor: Actor, *rows: str, dry_run: bool = False) -> Row:
    """Rows of id, state, solved, closed and changed, each a day of March 2026."""
    lines = ["id,who,at,state,solved,closed,changed"]
    for row in rows:
        key, state, *days = row.split(",")
        dated = [day and f"2026-03-{day}" for day in days]
        lines.append(",".join([key, "A", "2026-03-10", state, *dated]))
    return take_in(store, actor, "\n".join([*lines, ""]).encode(), READ, dry_run=dry_run)


def found(store: Store, actor: Actor, **query: Any) -> dict[str, Row]:
    page = store.read_sync(complaints.page, actor, ComplaintQuery(**query), None)
    return {row["external_id"]: row for row in page.rows}


def ends(row: Row) -> tuple[str, Any, Any, bool]:
    days = (None if row[name] is None else row[name].day for name in ("resolved_at", "closed_at"))
    return (row["state"], *days, row["time_unknown"])


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ("1,resolved,12,,", ("resolved", 12, None, False)),
        ("1,resolved,,13,", ("closed", 13, 13, False)),  # the closing time
        ("1,resolved,,13,20", ("closed", 13, 13, False)),
        ("1,Resolved,,,14", ("resolved", 14, None, False)),  # the time of the last change
        ("1,çözümlendi,,,", ("resolved", None, None, True)),
        ("1,ÇÖZÜMLENDİ,,,14", ("resolved", 14, None, False)),
        ("1,həll edildi,,,", ("resolved", None, None, True)),
        ("1,Erledigt,,,", ("resolved", None, None, True)),  # by the value map
        ("1,solved,,,05", ("resolved", None, None, True)),  # changed before it was received
        ("1,Kapalı,,,", ("closed", None, None, True)),
        ("1,closed,12,,", ("closed", 12, None, True)),
        ("1,closed,12,,15", ("closed", 12, 15, False)),
        ("1,confirmed,12,,15", ("confirmed", 12, None, False)),
        ("1,təsdiqləndi,12,,", ("confirmed", 12, None, True)),
        ("1,yeniden açıldı,,,14", ("open", None, None, False)),
        ("1,bağlandı,,15,", ("closed", 15, 15, False)),
        ("1,open,,,14", ("open", None, None, False)),
        ("1,Beklemede,,,", ("open", None, None, False)),
        ("1,,12,,", ("resolved", 12, None, False)),  # the times alone, as without a state
        ("1,NULL,,,", ("open", None, None, False)),
    ],
)
def test_a_state_and_its_times(store: Store, actor: Actor, row: str, wanted: tuple[Any, ...]) -> None:
    assert counts(send(store, actor, row)) == (1, 1, 0, 0)
    [one] = found(store, actor).values()
    assert ends(one) == wanted
    assert found(store, actor, time_unknown=wanted[-1]).keys() == {"1"}
    assert not found(store, actor, time_unknown=not wanted[-1])
    assert found(store, actor, open=wanted[0] == "open").keys() == {"1"}
    events = store.read_sync(complaints.events, actor, Paging(), None, one["id"]).rows
    assert any(event["time_unknown"] for event in events) == wanted[-1]
    assert (events[-1]["state"], len(events)) == (wanted[0], one["version"])


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("1,escalated,,,", "unknown_value", "state"),
        ("1,open,12,,", "state_contradicted", "state"),
        ("1,reopened,,13,", "state_contradicted", "state"),
        ("1,resolved,08,,", "out_of_order", "resolved_at"),
    ],
)
def test_states_that_cannot_be(store: Store, actor: Actor, row: str, code: str, column: str) -> None:
    sent = send(store, actor, row)
    [bad] = store.read_sync(imports.refused_after, actor, sent["id"], 0, 10)
    assert (bad["code"], bad["column"]) == (code, column)


def test_the_words_of_states_are_named_where_one_is_refused(store: Store, actor: Actor) -> None:
    sent = send(store, actor, "1,escalated,,,")
    [bad] = store.read_sync(imports.refused_after, actor, sent["id"], 0, 10)
    said = bad["detail"].format(column=bad["column"], **bad["values"])
    assert "open, acknowledged, in_progress, waiting_customer, resolved, confirmed, closed" in said
    assert "value=state:WORD=open" in said


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (["1,open,,,11", "1,resolved,,,14"], ("resolved", 14, None, False)),
        (["1,open,,,11", "1,resolved,,,"], ("resolved", None, None, True)),
        (["1,resolved,,,", "1,resolved,12,,"], ("resolved", 12, None, False)),  # the time comes later
        (["1,resolved,,,12", "1,closed,,15,15"], ("closed", 12, 15, False)),
        (["1,resolved,,,", "1,closed,,15,15"], ("closed", 15, 15, False)),
        (["1,resolved,,,12", "1,resolved,,,18"], ("resolved", 12, None, False)),  # a note was added there
        (["1,resolved,,,12", "1,reopened,,,18"], ("in_progress", None, None, False)),
        (["1,open,,,", "1,in progress,,,"], ("open", None, None, False)),
        (["1,closed,,15,", "1,resolved,,15,"], ("closed", 15, 15, False)),
    ],
)
def test_a_file_that_comes_later(
    store: Store, actor: Actor, files: list[str], wanted: tuple[Any, ...]
) -> None:
    for row in files:
        dry = send(store, actor, row, dry_run=True)
        sent = send(store, actor, row)
        assert (sent["rows_refused"], counts(dry)) == (0, counts(sent))
    assert ends(found(store, actor)["1"]) == wanted
    before = store.read_sync(lambda tx: tx.execute(select(Complaint.version)).scalar_one())
    again = send(store, actor, files[-1])
    assert counts(again) == (1, 0, 1, 0)
    assert store.read_sync(lambda tx: tx.execute(select(Complaint.version)).scalar_one()) == before


def test_a_source_that_says_its_first_state_does_not_reopen(store: Store, actor: Actor) -> None:
    send(store, actor, "1,,,,")
    [one] = found(store, actor).values()
    done = ComplaintResolution(resolution=f"Sent anew {new_id()}.")
    store.write_sync(steps.resolve, actor, one["id"], done)
    assert counts(send(store, actor, "1,open,,,")) == (1, 0, 1, 0)
    assert found(store, actor)["1"]["state"] == "resolved"
