"""Promises where a customer is looked at: screen-pop, overview, timeline, and the scoring run."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from promise_helpers import promised, step, store_of
from support import Api, made, selects

from app.domain.churn.inputs.customer_facts import COLUMNS
from app.domain.common.access import Actor, Scope
from app.domain.scoring.score_columns import FACTS, ROW_FACTS, facts_of_row
from app.jobs.scoring.score import score
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.scoring import runs
from app.store.scoring import run_results

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def clock(api: Api) -> Iterator[Any]:
    """The clock, which stands at noon until it is moved."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def test_the_screen_pop_says_what_was_promised(api: Api, api_with: Callable[..., Api], clock: Any) -> None:
    person = made(api, external_ids=[{"system": "crm", "key": "C-1"}])["id"]
    late = promised(api, customer_id=person, due_in_seconds=3600, text="The money is back.")
    soon = promised(api, customer_id=person, due_in_seconds=86_400 + 3600, text="We call back.")
    theirs = promised(
        api, customer_id=person, due_in_seconds=3 * 86_400, promised_by="customer", text="Pays."
    )
    step(api, promised(api, customer_id=person), "fulfilments")
    clock.move_to(NOON + DAY)
    ask = {"params": {"external_id": "crm:C-1"}}

    def said(client: Api = api, **headers: str) -> list[tuple[str, str, str]]:
        found = client.get("/v1/screen-pop", headers=headers, **ask).json()["customer"]["open_promises"]
        return [(one["id"], one["state"], one["sentence"]) for one in found]

    assert said() == [
        (late["id"], "overdue", "Promised for yesterday: The money is back."),
        (soon["id"], "open", "Promised for today: We call back."),
        (theirs["id"], "open", "The customer promised for 2026-03-13: Pays."),
    ]
    assert said(**{"Accept-Language": "tr"})[0][2] == "Dün için söz verildi: The money is back."
    assert said(**{"Accept-Language": "az"})[0][2] == "Dünənə vəd verilib: The money is back."
    clock.move_to(NOON + 3 * DAY)
    assert said()[0][2] == "Promised for 2026-03-10: The money is back."
    unable = api_with(Scope.CUSTOMERS_READ, Scope.INTERACTIONS_READ, Scope.COMPLAINTS_READ)
    assert said(unable) == []
    statements = selects(api)
    said()
    assert len([one for one in statements if "api_keys" not in one]) == 2  # as many as without promises


def test_the_timeline_tells_of_promises(api: Api, api_with: Callable[..., Api], clock: Any) -> None:
    person = made(api)["id"]
    promise = promised(api, customer_id=person)
    clock.move_to(NOON + HOUR)
    step(api, promise, "moves", due_in_seconds=2 * 86_400, customer_agreed=True)
    clock.move_to(NOON + 2 * HOUR)
    step(api, promise, "fulfilments")
    address = f"/v1/customers/{person}/timeline"
    entries = api.get(address).json()["data"]
    assert [(one["kind"], one["title"], one["promise"]["event"]) for one in entries] == [
        ("promise", "call_back", "kept"),
        ("promise", "call_back", "moved"),
        ("promise", "call_back", "made"),
    ]
    assert entries[0]["href"] == f"/v1/promises/{promise['id']}"
    assert (entries[0]["promise"]["text"], entries[0]["promise"]["state"]) == ("We call back.", "kept")
    first = api.get(address, params={"limit": 1, "kind": "promise"}).json()
    second = api.get(address, params={"limit": 1, "kind": "promise", "cursor": first["next_cursor"]}).json()
    assert [one["data"][0]["promise"]["event"] for one in (first, second)] == ["kept", "moved"]
    assert api.get(address, params={"kind": "complaint"}).json()["data"] == []
    unable = api_with(
        Scope.CUSTOMERS_READ,
        Scope.TRANSACTIONS_READ,
        Scope.INTERACTIONS_READ,
        Scope.COMPLAINTS_READ,
        Scope.SURVEYS_READ,
    )
    assert unable.get(address).json()["data"] == []
    assert unable.get(address, params={"kind": "promise"}).json()["data"] == []


def test_a_run_counts_broken_promises_as_they_were_on_its_day(api: Api, actor: Actor, clock: Any) -> None:
    person = made(api)["id"]
    late = promised(api, customer_id=person)
    given_up = promised(api, customer_id=person)
    promised(api, customer_id=person, promised_by="customer")
    step(api, promised(api, customer_id=person), "fulfilments")
    clock.move_to(NOON + 2 * DAY)
    step(api, late, "fulfilments")
    clock.move_to(NOON + 3 * DAY)
    step(api, given_up, "cancellations", by="us")
    clock.move_to(NOON + 200 * DAY)
    store = store_of(api)

    def broken_on(day: date) -> int:
        wanted = ScoringRunCreate.model_validate({"as_of": day.isoformat(), "window_days": 365})
        run = store.write_sync(runs.create, actor, wanted)
        score(store, actor, run["id"], lambda _stage: None)
        columns = store.read_sync(run_results.load_columns, run["id"])
        return int(columns["broken_promises"].sum())

    days = [broken_on((NOON + wait * DAY).date()) for wait in (1, 2, 3, 4, 91, 92, 95)]
    assert days == [0, 2, 2, 2, 2, 1, 0]


def test_a_row_from_before_promises_were_counted_keeps_its_meaning() -> None:
    old = [index for index, name in enumerate(ROW_FACTS) if name != "broken_promises"]
    known = dict(zip(ROW_FACTS, facts_of_row(old), strict=True))
    assert known.pop("broken_promises") is None
    assert [known[name] for name in known] == old
    assert facts_of_row([*old, 0]) == [*old, 0]
    assert COLUMNS[-1] == "broken_promises"
    assert FACTS["broken_promises"].absent == 0
