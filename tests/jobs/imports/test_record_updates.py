"""Records that a source sends again: in one file, in a later one, and in one that came before."""

from typing import Any

import pytest
from import_helpers import record_lines, record_mapping, refused, set_up_survey, take_in
from sqlalchemy import select

from app.domain.common.access import Actor
from app.jobs.imports import file_layout
from app.schemas.activity.interactions import InteractionUpdate
from app.schemas.recovery.events import ComplaintHandOver
from app.services.activity import interactions
from app.services.imports import imports
from app.services.recovery import owners
from app.store.engine import Store
from app.store.tables import Complaint, ComplaintEvent, Interaction

Row = dict[str, Any]
AT = "2026-03-10T12:00:00Z"
LATER = "2026-03-11T12:00:00Z"
KINDS = ["interactions", "complaints", "responses"]


def send(store: Store, actor: Actor, kind: str, *rows: str, dry_run: bool = False, **members: Any) -> Row:
    return take_in(store, actor, record_lines(rows), record_mapping(kind, **members), dry_run=dry_run)


def tally(row: Row) -> tuple[int, int, int, int]:
    """Rows stored, updated, repeated and refused."""
    return row["rows_stored"], row["rows_updated"], row["rows_repeated"], row["rows_refused"]


def the(store: Store, table: Any) -> Row:
    """The one record of a table."""
    return dict(store.read_sync(lambda tx: tx.execute(select(table.__table__)).mappings().one()))


@pytest.fixture
def survey(store: Store, actor: Actor) -> None:
    set_up_survey(store, actor)


@pytest.fixture(params=[500, 1])
def _batches(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All rows in one batch, or each in one of its own."""
    monkeypatch.setattr(file_layout, "RECORD_LINES", request.param)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("survey", "_batches")
@pytest.mark.parametrize("dry_run", [False, True])
def test_of_one_key_in_one_file_the_first_row_counts(
    store: Store, actor: Actor, kind: str, dry_run: bool
) -> None:
    one = f"1,C1,{AT},5,Talk,"
    row = send(
        store, actor, kind, one, one, f"1,C1,{AT},6,Talk two,", one, f"2,C1,{AT},5,Talk,", dry_run=dry_run
    )
    assert tally(row) == (2, 0, 2, 1)
    assert refused(store, actor, row) == [(4, "conflicting_duplicate")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("survey")
def test_a_row_that_was_refused_does_not_take_the_key(store: Store, actor: Actor, kind: str) -> None:
    row = send(store, actor, kind, f"1,C1,{AT[:4]},5,Talk,", f"1,C1,{AT},5,Talk,")
    assert tally(row) == (1, 0, 0, 1)
    assert refused(store, actor, row) == [(2, "date_unreadable")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.usefixtures("survey")
def test_the_same_file_again_changes_nothing(store: Store, actor: Actor, kind: str) -> None:
    rows = [f"{n},C1,{AT},5,Talk {n},{LATER}" for n in range(3)]
    assert tally(send(store, actor, kind, *rows)) == (3, 0, 0, 0)
    assert tally(send(store, actor, kind, *rows)) == (0, 0, 3, 0)
    assert tally(send(store, actor, kind, *rows, f"9,C1,{AT},5,Talk,")) == (1, 0, 3, 0)


@pytest.mark.parametrize("dry_run", [True, False])
def test_an_interaction_is_changed_by_what_is_new(store: Store, actor: Actor, dry_run: bool) -> None:
    send(store, actor, "interactions", f"1,C1,{AT},5,Talk,")
    row = send(store, actor, "interactions", f"1,C1,{AT},60,Delivery,", dry_run=dry_run)
    assert tally(row) == (0, 1, 0, 0)
    found = the(store, Interaction)
    after = (5, "Talk", 1) if dry_run else (60, "Delivery", 2)
    assert (found["talk_seconds"], found["topic"], found["version"]) == after


def test_an_empty_cell_takes_nothing_away(store: Store, actor: Actor) -> None:
    send(store, actor, "interactions", f"1,C1,{AT},5,Talk,")
    assert tally(send(store, actor, "interactions", f"1,C1,{AT},,,")) == (0, 0, 1, 0)
    assert the(store, Interaction)["topic"] == "Talk"


def test_what_was_changed_here_stays_until_the_source_says_something_new(store: Store, actor: Actor) -> None:
    send(store, actor, "interactions", f"1,C1,{AT},5,Talk,")
    here = InteractionUpdate(topic="Damage")
    store.write_sync(interactions.update_one, actor, the(store, Interaction)["id"], here, None)
    assert tally(send(store, actor, "interactions", f"1,C1,{AT},5,Talk,", f"2,C2,{AT},5,Talk,")) == (
        1,
        0,
        1,
        0,
    )
    row = send(store, actor, "interactions", f"1,C1,{AT},7,Talk,")
    assert tally(row) == (0, 1, 0, 0)
    topics = store.read_sync(
        lambda tx: tx.execute(
            select(Interaction.topic, Interaction.talk_seconds).order_by(Interaction.external_id)
        ).all()
    )
    assert topics[0] == ("Damage", 7)


def test_what_a_file_left_out_in_between_is_not_new_again(store: Store, actor: Actor) -> None:
    send(store, actor, "interactions", f"1,C1,{AT},5,Talk,")
    here = InteractionUpdate(topic="Damage")
    store.write_sync(interactions.update_one, actor, the(store, Interaction)["id"], here, None)
    for row in (f"1,C1,{AT},5,,", f"1,C1,{AT},,Talk,", f"1,C1,{AT},6,,", f"1,C1,{AT},,talk,"):
        send(store, actor, "interactions", row)
        expected = "talk" if "talk" in row else "Damage"
        assert the(store, Interaction)["topic"] == expected
    assert the(store, Interaction)["talk_seconds"] == 6


def test_a_file_from_before_changes_nothing_back(store: Store, actor: Actor) -> None:
    old, new = f"1,C1,{AT},5,Talk,", f"1,C1,{AT},60,Delivery,"
    for one, expected in ((old, (1, 0, 0, 0)), (new, (0, 1, 0, 0)), (old, (0, 0, 1, 0))):
        assert tally(send(store, actor, "interactions", one)) == expected
    assert the(store, Interaction)["topic"] == "Delivery"


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (f"1,C1,{LATER},5,Talk,", "started_at"),
        (f"1,C2,{AT},5,Talk,", "customer_key"),
    ],
)
def test_another_call_under_the_same_key_is_refused(
    store: Store, actor: Actor, row: str, column: str
) -> None:
    send(store, actor, "interactions", f"1,C1,{AT},5,Talk,", f"7,C2,{AT},5,Talk,")
    found = send(store, actor, "interactions", row)
    assert refused(store, actor, found) == [(2, "conflicting_duplicate")]


def test_a_call_of_nobody_gets_its_customer(store: Store, actor: Actor) -> None:
    send(store, actor, "interactions", f"1,,{AT},5,Talk,")
    assert tally(send(store, actor, "interactions", f"1,C1,{AT},5,Talk,")) == (0, 1, 0, 0)
    assert the(store, Interaction)["customer_id"] is not None


def test_a_complaint_goes_on_as_its_source_says(store: Store, actor: Actor) -> None:
    send(store, actor, "complaints", f"1,C1,{AT},,Late,")
    assert the(store, Complaint)["state"] == "open"
    row = send(store, actor, "complaints", f"1,C1,{AT},,Late parcel,{LATER}")
    assert tally(row) == (0, 1, 0, 0)
    found = the(store, Complaint)
    assert (found["state"], found["subject"]) == ("closed", "Late parcel")
    kinds = store.read_sync(
        lambda tx: tx.execute(select(ComplaintEvent.kind).order_by(ComplaintEvent.number)).scalars().all()
    )
    assert kinds == ["received", "resolved", "closed", "changed"]


def test_a_complaint_never_goes_back(store: Store, actor: Actor) -> None:
    send(store, actor, "complaints", f"1,C1,{AT},,Late,{LATER}")
    assert tally(send(store, actor, "complaints", f"1,C1,{AT},,Late,")) == (0, 0, 1, 0)
    other = send(store, actor, "complaints", f"1,C1,{AT},,Late,2026-03-12T12:00:00Z")
    assert refused(store, actor, other) == [(2, "conflicting_duplicate")]
    assert the(store, Complaint)["state"] == "closed"


def test_a_step_before_the_last_one_is_refused_and_changes_nothing(store: Store, actor: Actor) -> None:
    send(store, actor, "complaints", f"1,C1,{AT},,Late,")
    owner = ComplaintHandOver(owner="elvin.m")
    store.write_sync(owners.hand_over, actor, the(store, Complaint)["id"], owner)
    row = send(store, actor, "complaints", f"1,C1,{AT},,Late parcel,{LATER}")
    assert refused(store, actor, row) == [(2, "out_of_order")]
    assert the(store, Complaint)["subject"] == "Late"


@pytest.mark.usefixtures("survey")
def test_a_response_never_changes(store: Store, actor: Actor) -> None:
    send(store, actor, "responses", f"1,C1,{AT},5,Well,")
    assert tally(send(store, actor, "responses", f"1,C1,{AT},5,Well,", f"2,C1,{AT},5,Well,")) == (1, 0, 1, 0)
    row = send(store, actor, "responses", f"1,C1,{AT},6,Well,")
    assert refused(store, actor, row) == [(2, "conflicting_duplicate")]


# --- complaints as help desks export them

COLUMNS = {
    "external_id": "id",
    "customer_key": "who",
    "received_at": "at",
    "subject": "about",
    "resolved_at": "n",
    "closed_at": "closed",
}


@pytest.mark.parametrize(
    ("resolved", "closed", "stored"),
    [
        ("", LATER, (LATER, LATER)),
        (LATER, "", (LATER, None)),
        (LATER, "2026-03-11T11:59:30Z", (LATER, LATER)),
        (LATER, "2026-03-11T12:00:05Z", (LATER, "2026-03-11T12:00:05Z")),
        (LATER, "2026-03-11T11:50:00Z", None),
    ],
)
def test_a_complaint_that_was_closed_is_resolved(
    store: Store, actor: Actor, resolved: str, closed: str, stored: tuple[str, str | None] | None
) -> None:
    row = send(store, actor, "complaints", f"1,C1,{AT},{resolved},Late,{closed}", columns=COLUMNS)
    if stored is None:
        assert refused(store, actor, row) == [(2, "out_of_order")]
        return
    found = the(store, Complaint)
    times = (found["resolved_at"], found["closed_at"])
    assert tuple(at and at.strftime("%Y-%m-%dT%H:%M:%SZ") for at in times) == stored


@pytest.mark.parametrize(
    ("subject", "stored"),
    [
        ("T" * 255, "T" * 255),
        (f"{'T' * 255} ", "T" * 255),
        ('"The cup\nis broken"', "The cup is broken"),
        ('"The cup\r\n\t is broken"', "The cup is broken"),
        ("T" * 256, None),
    ],
)
def test_titles_of_help_desks_are_stored(
    store: Store, actor: Actor, subject: str, stored: str | None
) -> None:
    row = send(store, actor, "complaints", f"1,C1,{AT},,{subject},")
    if stored is not None:
        assert the(store, Complaint)["subject"] == stored
        return
    [one] = store.read_sync(imports.refused_after, actor, row["id"], 0, 10)
    detail = one["detail"].format(column=one["column"], **one["values"])
    assert detail == "subject is longer than 255 characters."


@pytest.mark.parametrize(
    ("kind", "target", "column", "value", "words"),
    [
        ("complaints", "text", "about", "x" * 10_001, "text is longer than 10000 characters."),
        ("interactions", "direction", "about", "Gelen", "inbound, outbound"),
        ("interactions", "direction", "about", "Gelen", "value=direction:WORD=inbound"),
        ("interactions", "talk_seconds", "n", "99999999", "talk_seconds is not from 0 to "),
        ("complaints", "severity", "about", "awful", "low, normal, high, critical"),
    ],
)
def test_a_refusal_says_what_is_allowed(
    store: Store, actor: Actor, kind: str, target: str, column: str, value: str, words: str
) -> None:
    columns = record_mapping(kind).columns | {target: column}
    if kind == "complaints":
        columns = columns | {"subject": "=Late"}
    cells = {"n": "", "about": "", column: value}
    row = send(store, actor, kind, f"1,C1,{AT},{cells['n']},{cells['about']},", columns=columns)
    [one] = store.read_sync(imports.refused_after, actor, row["id"], 0, 10)
    assert words in one["detail"].format(column=one["column"], **one["values"])
