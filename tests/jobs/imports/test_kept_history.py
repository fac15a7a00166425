"""Complaints whose steps are out of order in the file: refused, or kept as they are read and marked."""

from typing import Any

import pytest
from import_helpers import Row, counts, take_in

from app.domain.common.access import Actor
from app.domain.imports.mapping import Mapping, MappingError
from app.schemas.common.base import Paging
from app.schemas.recovery.complaints import ComplaintQuery
from app.services.imports import imports
from app.services.recovery import complaints
from app.store.engine import Store

COLUMNS = {
    "external_id": "id",
    "customer_key": "who",
    "received_at": "at",
    "subject": "=Late",
    "phase": "=during",
    "acknowledged_at": "heard",
    "resolved_at": "solved",
    "closed_at": "closed",
}
READ: dict[str, Any] = {"kind": "complaints", "create_missing": True, "time_zone": "UTC", "columns": COLUMNS}
LATE = "1,A,2026-03-10,2026-03-08,2026-03-12,2026-03-11"
IN_ORDER = "2,A,2026-03-10,2026-03-10,2026-03-12,2026-03-13"


def send(store: Store, actor: Actor, *rows: str, keep: bool, dry_run: bool = False) -> Row:
    lines = ["id,who,at,heard,solved,closed", *rows, ""]
    read = Mapping.from_dict({**READ, "keep_history": keep})
    return take_in(store, actor, "\n".join(lines).encode(), read, dry_run=dry_run)


def found(store: Store, actor: Actor) -> dict[str, Row]:
    page = store.read_sync(complaints.page, actor, ComplaintQuery(), None)
    return {row["external_id"]: row for row in page.rows}


def test_times_out_of_order_are_refused_with_their_column(store: Store, actor: Actor) -> None:
    sent = send(store, actor, LATE, IN_ORDER, keep=False)
    assert counts(sent) == (2, 1, 0, 1)
    [bad] = store.read_sync(imports.refused_after, actor, sent["id"], 0, 10)
    assert (bad["code"], bad["column"]) == ("out_of_order", "acknowledged_at")


def test_a_kept_history_has_every_time_as_read_and_marks_what_came_too_early(
    store: Store, actor: Actor
) -> None:
    tried = send(store, actor, LATE, IN_ORDER, keep=True, dry_run=True)
    assert (counts(tried), found(store, actor)) == ((2, 2, 0, 0), {})
    sent = send(store, actor, LATE, IN_ORDER, keep=True)
    assert counts(sent) == (2, 2, 0, 0)
    late = found(store, actor)["1"]
    days = [late[name].day for name in ("received_at", "acknowledged_at", "resolved_at", "closed_at")]
    assert (late["state"], late["phase"], days) == ("closed", "during", [10, 8, 12, 11])
    for key, marked in (("1", [False, True, False, True]), ("2", [False] * 4)):
        of_it = found(store, actor)[key]["id"]
        events = store.read_sync(complaints.events, actor, Paging(), None, of_it).rows
        assert [event["out_of_order"] for event in events] == marked
        assert [event["kind"] for event in events] == ["received", "acknowledged", "resolved", "closed"]
    assert counts(send(store, actor, LATE, IN_ORDER, keep=True)) == (2, 0, 2, 0)


def test_a_time_to_come_is_refused_whatever_is_kept(store: Store, actor: Actor) -> None:
    sent = send(store, actor, "1,A,2026-03-10,,2049-03-12,", keep=True)
    [bad] = store.read_sync(imports.refused_after, actor, sent["id"], 0, 10)
    assert (bad["code"], bad["column"]) == ("in_future", "resolved_at")


def test_only_complaints_have_a_history_to_keep() -> None:
    columns = {"external_id": "id", "customer_key": "who", "left_on": "day"}
    with pytest.raises(MappingError) as refused:
        Mapping.from_dict({"kind": "departures", "columns": columns, "keep_history": True})
    assert "/keep_history" in [problem.pointer for problem in refused.value.problems]
