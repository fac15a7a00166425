"""Somebody who can write the database, but does not know the secret, changes the audit trail: it is named.

Each is tried while the service runs: it goes on writing, and its worker goes on numbering and sealing.
"""

import shutil
from typing import Any

import pytest
from audit_helpers import KEYS, Service, insert_entry
from conftest import SECRET
from sqlalchemy import Connection, delete, insert, select, update
from structlog.testing import capture_logs

from app.domain.common.access import Actor
from app.services.platform import operating_figures
from app.settings import Settings
from app.store.audit import head, seals
from app.store.audit.verification import Walk
from app.store.engine import Store
from app.store.tables import AuditEntry, AuditHead

NAMES = [f"thing {number}" for number in range(1, 10)]
Found = set[tuple[str, int, int]]

_COLUMNS = "actor_id, request_id, action, object_id, members"
_SWAP_CONTENTS = [
    "CREATE TEMPORARY TABLE kept AS SELECT * FROM audit_entries WHERE position IN (4, 5)",
    *(
        f"UPDATE audit_entries SET ({_COLUMNS}) = (SELECT {_COLUMNS} FROM kept WHERE position = {other})"  # noqa: S608
        f" WHERE position = {one}"
        for one, other in ((4, 5), (5, 4))
    ),
    "DROP TABLE kept",
]
_SWAP_POSITIONS = [
    f"UPDATE audit_entries SET position = {new} WHERE position = {old}"  # noqa: S608
    for old, new in ((4, 99), (5, 4), (99, 5))
]
_RENUMBER = [
    "UPDATE audit_entries SET position = position + 100 WHERE position >= 4",
    "UPDATE audit_entries SET position = position - 99 WHERE position >= 104",
]
_ISSUE = "UPDATE audit_entries SET actor_id='x', position=NULL, seal=NULL WHERE position>=4"

FORGERIES: dict[str, tuple[list[str], Found]] = {
    "changed byte": (["UPDATE audit_entries SET actor_id = 'x' WHERE position = 4"], {("changed", 4, 4)}),
    "changed list": (["UPDATE audit_entries SET members = '[]' WHERE position = 4"], {("changed", 4, 4)}),
    "changed instant": (
        ["UPDATE audit_entries SET at = (SELECT min(at) FROM audit_entries) WHERE position = 4"],
        {("changed", 4, 4)},
    ),
    "changed last": (["UPDATE audit_entries SET actor_id = 'x' WHERE position = 9"], {("changed", 9, 9)}),
    "changed first": (["UPDATE audit_entries SET actor_id = 'x' WHERE position = 1"], {("changed", 1, 1)}),
    "changed two apart": (
        ["UPDATE audit_entries SET action = 'x' WHERE position IN (2, 7)"],
        {("changed", 2, 2), ("changed", 7, 7)},
    ),
    "other seal": (
        ["UPDATE audit_entries SET seal = (SELECT seal FROM audit_head) WHERE position = 4"],
        {("changed", 4, 4)},
    ),
    "removed row": (["DELETE FROM audit_entries WHERE position = 4"], {("removed", 4, 4)}),
    "removed rows": (
        ["DELETE FROM audit_entries WHERE position IN (1, 4, 5)"],
        {("removed", 1, 1), ("removed", 4, 5)},
    ),
    "removed tail": (["DELETE FROM audit_entries WHERE position > 6"], {("removed", 7, 9)}),
    "removed all": (["DELETE FROM audit_entries"], {("removed", 1, 9)}),
    "unsealed": (["UPDATE audit_entries SET seal = NULL WHERE position = 4"], {("unsealed", 4, 4)}),
    "unsealed last": (["UPDATE audit_entries SET seal = NULL WHERE position = 9"], {("unsealed", 9, 9)}),
    "unnumbered": (
        ["UPDATE audit_entries SET position = NULL, seal = NULL WHERE position = 4"],
        {("removed", 4, 4), ("refused", -1, -1)},
    ),
    "unnumbered, with its seal": (
        ["UPDATE audit_entries SET position = NULL WHERE position = 4"],
        {("removed", 4, 4), ("refused", -1, -1)},
    ),
    "issue": ([_ISSUE], {("removed", 4, 9), ("refused", -6, -1)}),
    "swapped positions": (_SWAP_POSITIONS, {("moved", 4, 5), ("moved", 5, 4)}),
    "renumbered": (
        _RENUMBER,
        {("removed", 4, 4), ("refused", -1, -1), *(("moved", at, at - 1) for at in range(5, 10))},
    ),
}


@pytest.fixture
def service(settings: Settings, store: Store, actor: Actor) -> Service:
    made = Service(settings, store, actor)
    made.write(*NAMES)
    made.work()
    assert made.names() == NAMES
    assert made.found() == set()
    return made


@pytest.mark.parametrize("name", FORGERIES)
def test_each_way_is_named_while_the_service_runs(service: Service, name: str) -> None:
    statements, expected = FORGERIES[name]
    service.execute(*statements)
    with capture_logs() as logs:
        service.write("later")
        service.work()
    assert service.found() == expected
    assert {line["kind"] for line in logs if line["event"] == "audit_trail_alarm"} >= {
        kind for kind, _first, _last in expected
    }
    assert service.names()[-1] == "later"  # sealed above the head, whatever lies below
    assert service.store.read_sync(operating_figures.read).audit_alarms >= len(expected)


@pytest.mark.parametrize("name", FORGERIES)
def test_each_way_is_named_before_a_worker_looks_and_in_steps_of_any_size(
    service: Service, name: str
) -> None:
    service.execute(*FORGERIES[name][0])
    assert service.found()
    found = []
    for limit in (1, 2, 5, 100):
        walk = Walk(KEYS.chain, 9)
        while service.store.read_sync(walk.step, limit):
            pass
        found.append(walk.alarms)
    assert found[0]
    assert found == [found[0]] * 4


def test_contents_that_changed_places_are_named(service: Service) -> None:
    service.execute(*_SWAP_CONTENTS)
    service.work()
    assert {kind for kind, _first, _last in service.found()} == {"changed"}
    assert {at for _kind, first, last in service.found() for at in range(first, last + 1)} == {4, 5}


def test_what_was_sealed_before_a_break_still_verifies_entry_by_entry(service: Service) -> None:
    service.execute("DELETE FROM audit_entries WHERE position = 4")
    service.execute("UPDATE audit_entries SET actor_id = 'x' WHERE position = 8")
    assert service.found() == {("removed", 4, 4), ("changed", 8, 8)}


# --- rows that no process of ours writes


@pytest.mark.parametrize(
    "forged",
    [
        {},
        {"seal": bytes(32)},
        {"actor_id": "system"},
        {"actor_id": "key:x without secret "},
        {"actor_id": "key:x without secret"},
    ],
    ids=["without a mark", "with a wrong mark", "as the service", "nearly as without secret", "as a key"],
)
def test_a_new_entry_without_our_mark_is_not_sealed(service: Service, forged: dict[str, Any]) -> None:
    service.execute(insert_entry("forged", **forged))
    service.write("later")
    service.work()
    assert service.names() == [*NAMES, "later"]
    assert service.found() == {("refused", -1, -1)}


@pytest.mark.parametrize("position", [10, 11, 4_000_000_000])
def test_a_position_above_the_head_does_not_stop_the_numbering(service: Service, position: int) -> None:
    service.execute(insert_entry("forged", position=position, seal=bytes(32)))
    assert ("above", position, position) in service.found()
    service.write("later")
    service.work()
    assert service.names() == [*NAMES, "later"]
    assert service.found() == {("refused", -1, -1)}


def test_an_entry_changed_before_it_was_sealed_is_refused(service: Service) -> None:
    service.write("waits")
    service.execute("UPDATE audit_entries SET actor_id = 'x' WHERE position IS NULL")
    service.work()
    assert service.names() == NAMES
    assert service.found() == {("refused", -1, -1)}


def test_a_mark_of_earlier_fills_no_hole(service: Service) -> None:
    service.write("tenth", "eleventh")
    waiting = select(AuditEntry.__table__).where(AuditEntry.object_id == "tenth")
    kept = service.store.read_sync(lambda tx: dict(tx.execute(waiting).mappings().one()))
    service.work()
    service.execute(delete(AuditEntry).where(AuditEntry.position == 10), insert(AuditEntry).values(kept))
    service.work()
    assert service.found() == {("removed", 10, 10)}
    assert service.names()[-1] == "tenth"  # again sealed, at the end; the hole stays


def test_entries_of_commands_without_the_secret_name_nobody_else(
    service: Service, settings: Settings, actor: Actor
) -> None:
    other = Store(settings.model_copy(update={"secret": None}))
    Service(settings, other, actor).write("by hand")
    other.close_sync()
    service.work()
    actors = select(AuditEntry.actor_id).order_by(AuditEntry.position.desc()).limit(1)
    assert service.store.read_sync(lambda tx: tx.execute(actors).scalar_one()) == "system without secret"
    assert service.found() == set()


def test_an_instant_without_end_is_named(service: Service) -> None:
    value = "9223372036854775807" if service.store.is_sqlite else "'infinity'"
    service.execute(f"UPDATE audit_entries SET at = {value} WHERE position = 4")  # noqa: S608
    assert service.found() == {("changed", 4, 4)}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("value", ["CAST(X'FF' AS TEXT)", "'x'", "7.5", "X'00'"])
@pytest.mark.parametrize("column", ["id", "at", "actor_id", "object_id", "members", "seal", "position"])
def test_values_that_only_sqlite_takes_are_named(service: Service, column: str, value: str) -> None:
    service.execute(f"UPDATE audit_entries SET {column} = {value} WHERE position = 4")  # noqa: S608
    if column not in ("id", "position"):
        change = f"UPDATE audit_entries SET position = NULL, {column} = {value} WHERE position = 8"  # noqa: S608
        service.execute(change)
    service.write("later")
    service.work()
    found = service.found()
    assert {kind for kind, first, last in found if first <= 4 <= last} & {"changed", "unsealed", "removed"}
    assert ("removed", 8, 8) in found or column in ("id", "position")
    assert service.names()[-1] == "later"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("column", ["actor_id", "request_id", "action", "object_id", "members"])
def test_bytes_in_the_place_of_the_same_text_are_named(service: Service, column: str) -> None:
    """They would verify, and nobody who looks for the actor would find them."""
    service.execute("UPDATE audit_entries SET request_id = 'one' WHERE position = 8")
    given = f"UPDATE audit_entries SET {column} = CAST(coalesce({column}, 'x') AS BLOB) WHERE position = 4"  # noqa: S608
    service.execute(given)
    assert service.found() == {("changed", 4, 4), ("changed", 8, 8)}


@pytest.mark.parametrize("step", [1, 2, 3, 4, 100])
def test_a_second_entry_under_a_number_is_named(service: Service, step: int) -> None:
    """Whoever may change the table can take its unique index away."""
    if service.store.is_sqlite:
        away = [
            "ALTER TABLE audit_entries RENAME TO kept",
            "CREATE TABLE audit_entries AS SELECT * FROM kept",
        ]
        back = ["DROP TABLE audit_entries", "ALTER TABLE kept RENAME TO audit_entries"]
    else:
        away = ["ALTER TABLE audit_entries DROP CONSTRAINT uq_audit_entries_position"]
        back = [
            "DELETE FROM audit_entries WHERE object_id = 'forged'",
            "ALTER TABLE audit_entries ADD CONSTRAINT uq_audit_entries_position UNIQUE (position)",
        ]
    service.execute(*away, insert_entry("forged", position=4, seal=bytes(32)))
    try:
        walk = Walk(KEYS.chain, 9)
        while service.store.read_sync(walk.step, step):
            pass
        kinds = {alarm.kind.value for alarm in walk.alarms}
        assert kinds in ({"twice"}, {"twice", "changed"})  # which of them is read first is open
        assert {(alarm.first, alarm.last) for alarm in walk.alarms} == {(4, 4)}
    finally:
        service.execute(*back)


# --- the head


def stored_head(service: Service) -> dict[str, Any]:
    return service.store.read_sync(lambda tx: dict(tx.execute(select(AuditHead.__table__)).mappings().one()))


def test_a_removed_tail_with_the_older_head_shows_beside_a_copy(service: Service) -> None:
    old = stored_head(service)
    service.write("tenth", "eleventh")
    service.work()
    copy = service.store.read_sync(head.read)
    service.execute(delete(AuditEntry).where(AuditEntry.position > 9), update(AuditHead).values(**old))
    assert service.found() == set()
    assert service.found(copy) == {("removed", 10, 11)}
    service.restart()
    service.write("another", "more", "still more")
    service.work()
    assert service.found() == set()
    assert service.found(copy) == {("put_back", 11, 11)}


def test_a_worker_that_runs_notices_that_the_head_went_back(service: Service) -> None:
    old = stored_head(service)
    service.write("tenth", "eleventh")
    service.work()
    service.execute(delete(AuditEntry).where(AuditEntry.position > 9), update(AuditHead).values(**old))
    service.write("another")
    service.work()
    assert service.found() == {("put_back", 9, 11)}


def test_a_head_that_was_put_back_goes_forward_again(service: Service) -> None:
    old = stored_head(service)
    service.write("tenth", "eleventh")
    service.work()
    service.execute(update(AuditHead).values(**old))
    service.restart()
    service.write("twelfth")
    service.work()
    assert service.names() == [*NAMES, "tenth", "eleventh", "twelfth"]
    assert service.found() == {("put_back", 9, 11)}


def test_beside_a_head_put_back_a_changed_entry_is_named(service: Service) -> None:
    old = stored_head(service)
    service.write("tenth", "eleventh")
    service.work()
    service.execute(update(AuditHead).values(**old))
    service.execute("UPDATE audit_entries SET actor_id = 'x' WHERE position = 10")
    service.restart()
    service.write("twelfth")
    service.work()
    assert service.found() == {("put_back", 9, 11), ("changed", 10, 10)}


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("UPDATE audit_head SET position = 3", "forged_head"),
        ("UPDATE audit_head SET seal = (SELECT seal FROM audit_entries WHERE position = 3)", "forged_head"),
        ("UPDATE audit_head SET secret_id = 'abcdef'", "other_secret"),
        ("DELETE FROM audit_head", "no_head"),
    ],
)
def test_nothing_is_sealed_under_a_head_that_is_not_ours(service: Service, change: str, kind: str) -> None:
    service.execute(change)
    service.write("later")
    service.restart()
    service.work()
    assert service.names() == NAMES
    assert (kind, 0, 0) in service.found()
    assert service.store.read_sync(operating_figures.read).audit_alarms == 1


def test_a_trail_begun_anew_shows_beside_a_copy(service: Service) -> None:
    copy = service.store.read_sync(head.read)
    service.execute("DELETE FROM audit_entries", "DELETE FROM audit_head")
    service.restart()
    service.write("one", "two")
    service.work()
    assert service.found() == set()
    assert service.found(copy) == {("other_store", 0, 0)}


def test_entries_of_another_store_do_not_fit_this_head(
    service: Service, sqlite_template: Any, tmp_path: Any, actor: Actor
) -> None:
    """The other store has the same secret, which it should not."""
    shutil.copy(sqlite_template, tmp_path / "other.db")
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'other.db'}", secret=SECRET)
    other = Store(settings)
    there = Service(settings, other, actor)
    there.write(*NAMES)
    there.work()
    entries = select(AuditEntry.__table__)
    rows = other.read_sync(lambda tx: [dict(row) for row in tx.execute(entries).mappings()])
    other.close_sync()
    service.execute("DELETE FROM audit_entries", insert(AuditEntry).values(rows))
    assert service.found() == {("changed", 9, 9)}


def test_another_secret_seals_nothing(service: Service) -> None:
    """Without the key of the chain a forger's own chain fits nowhere."""

    def forge(tx: Connection) -> None:
        seal = seals.FIRST
        for position in range(1, 10):
            seal = seals.seal(bytes(32), seal, position, "[]")
            tx.execute(update(AuditEntry).where(AuditEntry.position == position).values(seal=seal))

    service.store.write_sync(forge)
    assert service.found() == {("changed", 1, 9)}
