"""The promises that stand in the examples of the API's documentation, put into the demo."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from app.demo.documented import Examples
from app.domain.common.access import Actor
from app.errors import AppError
from app.schemas.promises.events import PromiseEventRead
from app.schemas.promises.promises import (
    EXAMPLE_ID,
    EXAMPLE_TO_CANCEL_ID,
    EXAMPLE_TO_HAND_OVER_ID,
    EXAMPLE_TO_KEEP_ID,
    EXAMPLE_TO_MOVE_ID,
    PastPromise,
    PromiseCreate,
    PromiseRead,
)
from app.services.promises import promises
from app.store.transactions import Row, WriteTx

_OPEN = {
    EXAMPLE_TO_KEEP_ID: "We call back about the invoice.",
    EXAMPLE_TO_CANCEL_ID: "A missing cup is sent.",
    EXAMPLE_TO_MOVE_ID: "The technician comes by.",
    EXAMPLE_TO_HAND_OVER_ID: "We call back when the kettle is in stock again.",
}
"""Promises that steps are taken on."""
_AHEAD = timedelta(days=30)


def load(tx: WriteTx, actor: Actor, documented: Examples, customer_ids: Sequence[UUID]) -> None:
    """Record the promise that is shown, with what became of it, and those that a step can be taken on."""
    move = documented.row(PromiseEventRead)
    members = documented.row(PromiseRead) | {"moved_from_at": move["old_due_at"], "moved_at": move["at"]}
    given = {name: members[name] for name in PastPromise.model_fields if name in members}
    shown = PastPromise.model_validate(given)
    _check(promises.create_past(tx, actor, [shown], ids=[UUID(EXAMPLE_ID)]))
    seconds = round(_AHEAD.total_seconds())
    items = [
        PromiseCreate.model_validate(
            {
                "customer_id": str(customer_ids[(place + 1) % len(customer_ids)]),
                "kind": "call_back",
                "text": text,
                "due_in_seconds": seconds,
                "owner": "ayse.k",
                "unit": "izmir",
            }
        )
        for place, text in enumerate(_OPEN.values())
    ]
    _check(promises.create_many(tx, actor, items, ids=[UUID(known) for known in _OPEN]))


def _check(results: list[Row | AppError]) -> None:
    for result in results:
        if isinstance(result, AppError):
            raise result
