"""What is known of codes that own complaints: agents, queues, the desk, nobody."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from app.domain.common.access import Actor
from app.domain.people.agents import OwnerKind, OwnerLookup
from app.errors import ForbiddenError
from app.services.people import lookups
from app.store.engine import Store
from app.store.tables import Agent, Unit
from app.store.types import now

DESK = "complaints-desk"


def given(store: Store, **codes: dict[str, Any]) -> None:
    """Register agents, and units where the word ``unit`` begins the code."""

    def act(tx: Connection) -> None:
        at = now()
        shared = {"version": 1, "is_active": True, "created_at": at, "updated_at": at}
        for code, more in codes.items():
            if code.startswith("unit"):
                tx.execute(insert(Unit).values({"code": code, "names": {}, "kind": "team", **shared, **more}))
            else:
                own = {"code": code, "name": code, "languages": [], "skills": []}
                tx.execute(insert(Agent).values({**own, **shared, **more}))

    store.write_sync(act)


def test_kinds_of_owners(store: Store) -> None:
    given(
        store,
        ayse={"unit": "unit_a"},
        gone={"is_active": False},
        until={"active_until_on": date(2026, 3, 31)},
        later={"active_from_on": date(2026, 4, 2)},
        unit_a={},
        unit_b={"is_active": False},
    )
    codes = ["ayse", "gone", "until", "later", "unit_a", "unit_b", "stranger", DESK]
    found = store.read_sync(lookups.owner_kinds, codes, DESK, on=date(2026, 4, 1))
    assert found == {
        "ayse": OwnerLookup(OwnerKind.AGENT, True, "unit_a"),
        "gone": OwnerLookup(OwnerKind.AGENT, False, None),
        "until": OwnerLookup(OwnerKind.AGENT, False, None),
        "later": OwnerLookup(OwnerKind.AGENT, False, None),
        "unit_a": OwnerLookup(OwnerKind.QUEUE, True, "unit_a"),
        "unit_b": OwnerLookup(OwnerKind.QUEUE, False, "unit_b"),
        DESK: OwnerLookup(OwnerKind.QUEUE, True, None),
    }
    last_day = store.read_sync(lookups.owner_kinds, ["until"], DESK, on=date(2026, 3, 31))
    assert last_day["until"].is_active
    assert store.read_sync(lookups.owner_kinds, [], DESK) == {}


def test_who_may_be_given_something(store: Store, actor: Actor) -> None:
    def problems(owner: str | None) -> list[tuple[str, str]]:
        found = store.write_sync(lookups.owner_problems, actor, owner)
        return [(one.pointer, one.code) for one in found]

    assert store.read_sync(lookups.has_people) is False
    assert problems("anybody") == []  # nobody is registered: as before there were people
    given(store, ayse={"unit": "unit_a"}, gone={"is_active": False}, unit_a={})
    assert store.read_sync(lookups.has_people) is True
    assert [problems(owner) for owner in ("ayse", "unit_a", DESK, None)] == [[], [], [], []]
    assert problems("anybody") == [("/owner", "unknown_owner")]
    assert problems("gone") == [("/owner", "inactive_owner")]


def test_unit_and_person(store: Store, actor: Actor) -> None:
    given(store, ayse={"unit": "unit_a"}, elvin={})
    assert [store.read_sync(lookups.unit_of, code) for code in ("ayse", "elvin", "x")] == [
        "unit_a",
        None,
        None,
    ]
    with pytest.raises(ForbiddenError) as refused:
        store.read_sync(lookups.require_agent, actor)
    assert refused.value.code == "agent_needed"
    person = Actor("key:a", frozenset(), agent="ayse")
    assert store.read_sync(lookups.require_agent, person) == "ayse"
