"""What complaints begin with: their owner, and what their category says where they say nothing."""

from collections.abc import Collection, Sequence

from app.domain.common.access import Actor
from app.domain.people.agents import OwnerKind
from app.errors import AppError, FieldError, InvalidError
from app.schemas.recovery.complaints import ComplaintCreate
from app.services.people import lookups
from app.services.recovery import categories
from app.store.transactions import Row, WriteTx


def settle(
    tx: WriteTx,
    actor: Actor,
    items: Sequence[ComplaintCreate],
    rows: list[Row | AppError],
    *,
    is_import: bool,
) -> None:
    """Give each row its owner, the kind of that, and its severity; a row that cannot have what it names
    becomes its refusal, an `InvalidError`. Two statements, and one or two for each owner that is named.

    A complaint without an owner begins in the queue of its category's unit, else at the company's desk. A
    file's rows keep the owner and the category that they name, registered or not.
    """
    good = [row for row in rows if isinstance(row, dict)]
    registered = categories.named(tx, {row["category"] for row in good if row["category"] is not None})
    desk = actor.company.complaint_owner
    units = {row["owner_unit"] for row in registered.values() if row["owner_unit"] is not None}
    named = {row["owner"] for row in good if row["owner"] is not None}
    wrong = {} if is_import else _problems(tx, actor, named)
    known = lookups.owner_kinds(tx, named | units, desk) if (named - {desk}) | units else {}
    for index, (item, row) in enumerate(zip(items, rows, strict=True)):
        if not isinstance(row, dict):
            continue
        refused = [] if is_import else categories.problems(registered, row["category"])
        refused = [*refused, *wrong.get(row["owner"], [])]
        if refused:
            rows[index] = InvalidError(fields=refused)
            continue
        category = registered.get(row["category"], {})
        if "severity" not in item.model_fields_set and category.get("severity") is not None:
            row["severity"] = category["severity"]
        unit = known.get(category.get("owner_unit") or "")
        if row["owner"] is None:
            row["owner"] = category["owner_unit"] if unit is not None and unit.is_active else desk
            row["owner_kind"] = OwnerKind.QUEUE
        elif row["owner"] == desk:
            row["owner_kind"] = OwnerKind.QUEUE
        elif row["owner"] in known:
            row["owner_kind"] = known[row["owner"]].kind
        if row["owner"] == actor.agent:
            row["accepted_at"] = row["recorded_at"]


def _problems(tx: WriteTx, actor: Actor, named: Collection[str]) -> dict[str | None, list[FieldError]]:
    """Why owners may not be named, by owner; those that may stay active until the transaction ends."""
    others = sorted(set(named) - {actor.company.complaint_owner})
    if not others or not lookups.has_people(tx):
        return {}
    return {owner: lookups.owner_problems(tx, actor, owner) for owner in others}
