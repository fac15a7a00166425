"""Complaints of a file with one row an event: a time is that of the rows that say its word."""

from typing import Any

import pytest
from import_helpers import Row, counts, take_in

from app.domain.common.access import Actor
from app.domain.imports.mapping import Mapping, MappingError
from app.jobs.imports.text_decoding import ImportFileError
from app.schemas.recovery.complaints import ComplaintQuery
from app.services.imports import imports
from app.services.recovery import complaints
from app.store.engine import Store

COLUMNS = {
    "customer_key": "who",
    "received_at": "at",
    "subject": "=Ticket",
    "acknowledged_at": "at[what=Taken|assigned]",
    "resolved_at": "at[what=ÇÖZÜLDÜ|Solved]",
    "closed_at": "at[what=Closed]",
}
READ: dict[str, Any] = {
    "kind": "complaints",
    "create_missing": True,
    "time_zone": "UTC",
    "group_by": "case",
    "columns": COLUMNS,
}
LOG = """case,who,what,at
1,A,Created,2026-03-02 09:00
2,B,Created,2026-03-02 09:30
1,A,taken,2026-03-02 10:00
1,A,Çözüldü,2026-03-03 11:00
2,B,Assigned,2026-03-03 12:00
1,A,Closed,2026-03-04 13:00
1,A,Reopened,2026-03-05 08:00
1,A,Solved,2026-03-06 09:00
"""


def send(store: Store, actor: Actor, text: str, **members: Any) -> Row:
    return take_in(store, actor, text.encode(), Mapping.from_dict({**READ, **members}))


def test_the_steps_of_a_case_come_from_its_rows(store: Store, actor: Actor) -> None:
    sent = send(store, actor, LOG)
    assert counts(sent) == (8, 8, 0, 0)
    assert sent["words_unmatched"] == {"acknowledged_at": 3}  # two were created, one was reopened
    rows = store.read_sync(complaints.page, actor, ComplaintQuery(), None).rows
    found = {
        row["external_id"]: (
            row["state"],
            *(
                None if row[name] is None else f"{row[name]:%d %H}"
                for name in ("received_at", "acknowledged_at", "resolved_at", "closed_at")
            ),
        )
        for row in rows
    }
    assert found == {
        "1": ("closed", "02 09", "02 10", "03 11", "04 13"),
        "2": ("acknowledged", "02 09", "03 12", None, None),
    }
    assert counts(send(store, actor, LOG)) == (8, 0, 8, 0)


def test_a_day_and_a_time_are_chosen_together(store: Store, actor: Actor) -> None:
    log = "case,who,what,day,hour\n1,A,Created,2026-03-02,09:00\n1,A,Taken,2026-03-02,10:15\n"
    columns = {**COLUMNS, "received_at": "day,hour", "acknowledged_at": "day,hour[what=Taken]"}
    del columns["resolved_at"], columns["closed_at"]
    assert counts(send(store, actor, log, columns=columns)) == (2, 2, 0, 0)
    [row] = store.read_sync(complaints.page, actor, ComplaintQuery(), None).rows
    assert f"{row['acknowledged_at']:%H:%M}" == "10:15"


def test_a_row_that_cannot_be_read_refuses_its_case(store: Store, actor: Actor) -> None:
    sent = send(store, actor, LOG.replace("2026-03-03 11:00", "soon"))
    assert counts(sent) == (8, 2, 0, 6)
    bad = store.read_sync(imports.refused_after, actor, sent["id"], 0, 10)
    assert {(row["code"], row["column"]) for row in bad if row["line"] == 5} == {
        ("date_unreadable", "received_at")
    }


def test_a_column_of_words_must_be_there(store: Store, actor: Actor) -> None:
    with pytest.raises(ImportFileError) as refused:
        send(store, actor, LOG.replace("what", "activity"))
    assert refused.value.code == "missing_column"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"group_by": ""}, "bad_source"),
        ({"columns": {**COLUMNS, "closed_at": "at[#0=Closed]"}}, "bad_source"),
    ],
    ids=["not-grouped", "no-such-position"],
)
def test_what_cannot_choose_rows_is_refused(members: dict[str, Any], code: str) -> None:
    columns = {"external_id": "case", **members.get("columns", COLUMNS)}
    with pytest.raises(MappingError) as refused:
        Mapping.from_dict({**READ, **members, "columns": columns})
    assert {problem.code for problem in refused.value.problems} == {code}
