"""Taking files in, below HTTP: rights, uploads that never end, and what is kept of them."""

from datetime import timedelta
from typing import Any

import pytest
from import_helpers import counts, lines, many, mapping, refused, take_in
from sqlalchemy import func, select, update

from app.domain.common.access import Actor, Scope
from app.domain.imports.states import ImportState
from app.errors import ForbiddenError, InvalidError, NotFoundError
from app.schemas.common.base import ChangesQuery
from app.services.imports import batches, imports, mappings
from app.store.engine import Store
from app.store.tables import Import, ImportChunk, ImportMapping
from app.store.types import now

MEMBERS = {
    "columns": {
        "external_id": "id",
        "customer_key": "who",
        "amount": "sum",
        "currency": "=TRY",
        "occurred_at": "at",
    }
}


def chunks(store: Store) -> int:
    return store.read_sync(lambda tx: tx.execute(select(func.count()).select_from(ImportChunk)).scalar_one())


def uploading(store: Store, actor: Actor, count: int = 1) -> Any:
    row = store.write_sync(imports.begin, actor, mapping())
    for number in range(count):
        store.write_sync(imports.append_chunk, row["id"], number, b"x")
    return row["id"]


# --- rights


def test_creating_customers_needs_its_scope_and_a_clear_unit(store: Store, actor: Actor) -> None:
    read = mapping(create_missing=True)
    clerk = Actor("key:a", frozenset({Scope.IMPORTS_WRITE}))
    with pytest.raises(ForbiddenError):
        store.write_sync(imports.begin, clerk, read)
    both = Actor("key:b", actor.scopes, units=frozenset({"izmir", "ankara"}))
    with pytest.raises(InvalidError):
        store.write_sync(imports.begin, both, read)
    assert store.write_sync(imports.begin, both, mapping())["state"] == ImportState.UPLOADING


def test_a_job_acts_with_the_rights_of_the_sender(store: Store, actor: Actor) -> None:
    sender = Actor("key:a", actor.scopes, units=frozenset({"izmir"}))
    import_id = store.write_sync(imports.begin, sender, mapping())["id"]
    row = store.read_sync(batches.read, import_id)
    found = batches.actor_of(row, actor.company)
    assert (found.id, found.units, found.scopes) == ("key:a", {"izmir"}, frozenset())


# --- uploads


def test_an_upload_is_discarded_piece_by_piece(store: Store, actor: Actor) -> None:
    import_id = uploading(store, actor, imports.CHUNKS_AT_ONCE + 1)
    assert [store.write_sync(imports.discard_upload, import_id) for _ in range(3)] == [False, False, True]
    assert chunks(store) == 0
    with pytest.raises(NotFoundError):
        store.read_sync(imports.get, actor, import_id)
    with pytest.raises(NotFoundError):
        store.write_sync(imports.close_upload, actor, import_id, "0" * 64, 1)


def test_an_upload_that_never_ended_is_swept_by_later_ones(store: Store, actor: Actor) -> None:
    import_id = uploading(store, actor)

    def grow_old(tx: Any) -> None:
        tx.execute(update(Import).values(created_at=now() - imports.UPLOADS_END - timedelta(seconds=1)))

    uploading(store, actor, 0)
    assert chunks(store) == 1
    store.write_sync(grow_old)
    for _ in range(4):
        uploading(store, actor, 0)
    assert chunks(store) == 0
    with pytest.raises(NotFoundError):
        store.read_sync(imports.get, actor, import_id)


# --- pages


def test_refused_rows_come_in_pages(store: Store, actor: Actor) -> None:
    row = take_in(store, actor, lines(f"{n},,1,2026-01-01" for n in range(450)))
    assert counts(row) == (450, 0, 0, 450)
    assert [line for line, _ in refused(store, actor, row)] == list(range(2, 452))
    assert len(store.read_sync(imports.refused_after, actor, row["id"], 400, 100)) == 51


def test_imports_are_listed_newest_first(store: Store, actor: Actor) -> None:
    first, second = take_in(store, actor, many(1)), take_in(store, actor, many(2))
    page = store.read_sync(imports.page, actor, imports.ImportQuery(limit=1), None)
    assert [row["id"] for row in page.rows] == [second["id"]]
    page = store.read_sync(imports.page, actor, imports.ImportQuery(limit=1), page.after)
    assert ([row["id"] for row in page.rows], page.after) == ([first["id"]], None)
    query = imports.ImportQuery(state=[ImportState.FAILED])
    assert store.read_sync(imports.page, actor, query, None).rows == []


# --- mappings


def test_parameters_change_a_saved_mapping(store: Store, actor: Actor) -> None:
    store.write_sync(
        mappings.put, actor, "shop", MEMBERS | {"kind_rules": ["sum<0:refund"], "delimiter": ";"}, None
    )
    flags = {
        "column": ["category=what", "currency==EUR"],
        "kind_rule": [],
        "source": "pos",
        "delimiter": None,
    }
    read = store.read_sync(mappings.resolve, actor, "shop", flags)
    assert (read.source, read.delimiter, [str(rule) for rule in read.kind_rules]) == (
        "pos",
        ";",
        ["sum<0:refund"],
    )
    assert (read.columns["category"], read.columns["currency"], read.columns["external_id"]) == (
        "what",
        "=EUR",
        "id",
    )
    flags = {"column": [], "kind_rule": ["id^R:refund"], "currency": "USD"}
    read = store.read_sync(mappings.resolve, actor, "shop", flags)
    assert ([str(rule) for rule in read.kind_rules], read.columns["currency"]) == (["id^R:refund"], "=USD")
    with pytest.raises(NotFoundError):
        store.read_sync(mappings.resolve, actor, "other", flags)


@pytest.mark.parametrize(
    ("written", "comma"),
    [({}, None), ({"grouping": True}, False), ({"decimal_comma": True}, True)],
)
def test_a_decimal_point_that_was_written_into_every_mapping_once_says_nothing(
    store: Store, actor: Actor, written: dict[str, Any], comma: bool | None
) -> None:
    store.write_sync(mappings.put, actor, "shop", MEMBERS, None)
    old = {**mappings.parse(actor, MEMBERS).to_dict(), "decimal_comma": False}
    old = {name: value for name, value in old.items() if name != "grouping"} | written
    store.write_sync(lambda tx: tx.execute(update(ImportMapping).values(mapping=old)))
    assert store.read_sync(mappings.get, actor, "shop")["mapping"]["decimal_comma"] is comma
    read = store.read_sync(mappings.resolve, actor, "shop", {"column": []})
    assert read.decimal_comma is comma


def test_times_without_an_offset_are_the_companys(actor: Actor) -> None:
    assert mappings.parse(actor, MEMBERS).time_zone == actor.company.time_zone
    assert mappings.parse(actor, MEMBERS | {"time_zone": "Asia/Baku"}).time_zone == "Asia/Baku"


@pytest.mark.parametrize(
    "base", [{}, {"columns": []}, {"columns": {"amount": 5}}, {"colour": "red"}, MEMBERS | {"source": 1}]
)
def test_an_unusable_mapping_file_is_refused(store: Store, actor: Actor, base: Any) -> None:
    flags = {"column": ["category=what"], "kind_rule": ["id^R:refund"]}
    with pytest.raises(InvalidError):
        store.read_sync(mappings.resolve, actor, None, flags, base)


def test_saving_the_same_mapping_again_changes_nothing(store: Store, actor: Actor) -> None:
    first, is_new = store.write_sync(mappings.put, actor, "shop", MEMBERS, None)
    again, is_new_again = store.write_sync(mappings.put, actor, "shop", MEMBERS, '"1"')
    assert (is_new, is_new_again, again) == (True, False, first)
    assert [row["name"] for row in store.read_sync(mappings.page, actor, ChangesQuery(), None).rows] == [
        "shop"
    ]
