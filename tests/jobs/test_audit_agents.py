"""Who acts, in the audit trail: the person is sealed where there is one; other entries read as before."""

from typing import Any

import pytest
from audit_helpers import KEYS, Service, insert_entry
from sqlalchemy import select, update

from app.domain.common.access import Actor
from app.settings import Settings
from app.store.audit import rows, seals, trail
from app.store.audit.rows import Entry
from app.store.engine import Store
from app.store.tables import AuditEntry, Event

AYSE = Actor("key:a", frozenset(), agent="ayse.k")
BEFORE = '["0a",1,"key:a","r-1","thing.made","t-1",["a"]]'
"""How an entry was spelt before there were agents: what old seals were made over."""


@pytest.fixture
def service(settings: Settings, store: Store, actor: Actor) -> Service:
    return Service(settings, store, actor)


def test_an_entry_without_a_person_is_spelt_as_before() -> None:
    said = ("0a", 1, "key:a", "r-1", "thing.made", "t-1", ["a"])
    assert rows.text_of(*said) == rows.text_of(*said, None) == BEFORE
    assert rows.text_of(*said, "ayse.k") == BEFORE[:-1] + ',"ayse.k"]'


def test_old_entries_and_entries_with_a_person_are_one_trail(service: Service, store: Store) -> None:
    service.write("old")
    service.work()
    store.write_sync(trail.record, AYSE, "thing.made", "by a person")
    service.write("new")
    service.work()
    assert service.names() == ["old", "by a person", "new"]
    assert service.found() == set()
    kept = store.read_sync(lambda tx: tx.execute(select(AuditEntry.object_id, AuditEntry.agent)).all())
    assert dict(kept) == {"old": None, "by a person": "ayse.k", "new": None}
    told = store.read_sync(lambda tx: tx.execute(select(Event.object_id, Event.agent)).all())
    assert dict(told) == dict(kept)


@pytest.mark.parametrize(
    ("entry", "agent"), [("old", "ayse.k"), ("by a person", None), ("by a person", "elvin.m")]
)
def test_whose_person_was_changed_is_found(
    service: Service, store: Store, entry: str, agent: str | None
) -> None:
    service.write("old")
    store.write_sync(trail.record, AYSE, "thing.made", "by a person")
    service.work()
    service.execute(update(AuditEntry).where(AuditEntry.object_id == entry).values(agent=agent))
    assert {kind for kind, _, _ in service.found()} == {"changed"}


def test_a_process_without_the_secret_names_nobody(service: Service) -> None:
    def unmarked(**more: Any) -> Entry:
        known: dict[str, Any] = {"row_id": 1, "text": "", "actor_id": f"cli:x{seals.UNMARKED}", "agent": None}
        return Entry(**{**known, "position": None, "seal": None, **more})

    assert seals.is_marked(KEYS, unmarked())
    assert not seals.is_marked(KEYS, unmarked(agent="ayse.k"))
    service.execute(insert_entry("forged", actor_id=f"cli:x{seals.UNMARKED}", agent="ayse.k"))
    service.work()
    assert service.names() == []


def test_what_is_no_text_stops_nothing(service: Service, store: Store, settings: Settings) -> None:
    if not settings.database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL keeps text only")
    service.write("old")
    service.work()
    service.execute("UPDATE audit_entries SET agent = x'ff00'")
    assert {kind for kind, _, _ in service.found()} == {"changed"}
