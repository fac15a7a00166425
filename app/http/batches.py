"""Batches: up to 1,000 items in one request, all or nothing unless ``partial``."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from fastapi import Response
from pydantic import BaseModel

from app.domain.common.access import Actor
from app.errors import AppError, FieldError, InvalidError
from app.http.call import Call
from app.http.problems import problem
from app.http.replies import dump
from app.http.validation import MAX_LISTED, refusal
from app.schemas.common.batches import WrongItem
from app.store.idempotency import Answer
from app.store.transactions import Row, WriteTx

Item = TypeVar("Item", bound=BaseModel)
Many = Callable[[WriteTx, Actor, Sequence[Item]], list[Row | AppError]]


async def store(
    call: Call,
    items: Sequence[Item | WrongItem],
    many: Many[Item],
    model: type[BaseModel],
    member: str,
    *,
    partial: bool,
) -> Response:
    """Store the good ``items`` with ``many``, which returns a row or an `AppError` for each.

    The answer is a list of ``{index, status, <member>, problem}``: 201 when all were stored, 207
    otherwise. Without ``partial`` one refusal refuses all, and nothing is stored.
    """

    def run(tx: WriteTx, actor: Actor) -> list[Row | AppError]:
        good = [item for item in items if not isinstance(item, WrongItem)]
        stored = iter(many(tx, actor, good) if good else [])
        results = [
            refusal([{**error, "loc": ("body", *error["loc"])} for error in item.errors], count=item.count)
            if isinstance(item, WrongItem)
            else next(stored)
            for item in items
        ]
        if not partial:
            _refuse_all(results)
        return results

    def reply(results: list[Row | AppError]) -> Answer:
        rows = [_outcome(index, result, member, call.language) for index, result in enumerate(results)]
        status = 201 if all(row["problem"] is None for row in rows) else 207
        return Answer(status, dump(model, {"data": rows}))

    return await call.write(reply, run)


def _outcome(index: int, result: Row | AppError, member: str, language: str) -> dict[str, Any]:
    if isinstance(result, AppError):
        return {"index": index, "status": result.status, member: None, "problem": problem(result, language)}
    return {"index": index, "status": 201, member: result, "problem": None}


def _refuse_all(results: list[Row | AppError]) -> None:
    """Raise one refusal that names every refused item."""
    refused = [(index, result) for index, result in enumerate(results) if isinstance(result, AppError)]
    if not refused:
        return
    fields: list[FieldError] = []
    count = 0
    for index, error in refused:
        own = error.fields or (
            FieldError(
                "",
                error.code,
                error.detail or "This item was refused.",
                params=error.params,
                existing=error.existing,
            ),
        )
        said = error.params.get("count") if error.fields else None
        count += said if isinstance(said, int) else len(own)
        fields += [
            replace(field, pointer=f"/items/{index}{field.pointer}", location="body")
            for field in own[: MAX_LISTED - len(fields)]
        ]
    kinds = {type(error) for _, error in refused}
    first = refused[0][1]
    if len(kinds) == 1 and not first.fields:
        existing = first.existing if len(refused) == 1 else None
        raise type(first)(code=first.code, fields=fields, existing=existing, count=count)
    raise InvalidError(fields=fields, count=count)
