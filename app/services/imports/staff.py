"""Units and agents of a file: each line is what a PUT of its code would be, all in one transaction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.domain.common.access import Actor
from app.domain.imports.staff_rows import StaffKind, StaffRow
from app.errors import AppError, FieldError, InvalidError
from app.schemas.people.agents import AgentPut
from app.schemas.people.codes import AgentCode, UnitCode
from app.schemas.people.units import UnitPut
from app.services.recovery import releases
from app.store.transactions import WriteTx


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that cannot be: the member, the code of the reason, and the reason in words."""

    line: int
    pointer: str
    code: str
    detail: str


@dataclass(slots=True)
class Outcome:
    """What became of a file."""

    added: int = 0
    kept: int = 0
    """Lines whose code was registered already, changed or not."""
    adopted_records: int = 0
    handed_over_complaints: int = 0
    refused: list[Refused] = field(default_factory=list)


class NotStoredError(AppError):
    """Takes the transaction back: a line was refused, or nothing was to be stored."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


_MODELS: dict[StaffKind, Any] = {StaffKind.UNITS: UnitPut, StaffKind.AGENTS: AgentPut}
_CODES: dict[StaffKind, Any] = {
    StaffKind.UNITS: TypeAdapter(UnitCode),
    StaffKind.AGENTS: TypeAdapter(AgentCode),
}


def put_all(
    tx: WriteTx, actor: Actor, kind: StaffKind, rows: Sequence[StaffRow], *, dry_run: bool
) -> Outcome:
    """Register or change everybody of a file, or nobody: units above before those below.

    Raises:
        NotStoredError: a line was refused, or it is a dry run; it has the outcome.
    """
    outcome = Outcome()
    for row in _in_order(rows) if kind is StaffKind.UNITS else rows:
        try:
            _put(tx, actor, kind, row, outcome)
        except (ValidationError, InvalidError) as error:
            outcome.refused += _reasons(row, error)
    times = Counter(row.code for row in rows)
    outcome.refused += [_twice(row) for row in rows if times[row.code] > 1]
    outcome.refused.sort(key=lambda one: one.line)
    if outcome.refused or dry_run:
        raise NotStoredError(outcome)
    return outcome


# --- inside


def _put(tx: WriteTx, actor: Actor, kind: StaffKind, row: StaffRow, outcome: Outcome) -> None:
    code, body = _CODES[kind].validate_python(row.code), _MODELS[kind].model_validate(row.body)
    put = releases.put_unit if kind is StaffKind.UNITS else releases.put_agent
    stored, is_new = put(tx, actor, code, body, None)
    outcome.added += is_new
    outcome.kept += not is_new
    outcome.adopted_records += stored.get("adopted_records", 0)
    outcome.handed_over_complaints += stored["handed_over_complaints"]


def _in_order(rows: Sequence[StaffRow]) -> list[StaffRow]:
    """Units, each behind the one above it where that is in the file; what is in a circle last."""
    ordered: list[StaffRow] = []
    waiting = list(rows)
    while waiting:
        codes = {row.code for row in waiting}
        ready = [row for row in waiting if row.body.get("parent") not in codes]
        ordered += ready or waiting
        waiting = [row for row in waiting if row.body.get("parent") in codes] if ready else []
    return ordered


def _reasons(row: StaffRow, error: ValidationError | InvalidError) -> list[Refused]:
    if isinstance(error, ValidationError):
        return [
            Refused(row.line, "/" + "/".join(map(str, one["loc"])), one["type"], one["msg"])
            for one in error.errors(include_input=False, include_url=False)
        ]
    return [_refused(row, one) for one in error.fields]


def _refused(row: StaffRow, one: FieldError) -> Refused:
    return Refused(row.line, one.pointer, one.code, one.detail.format(**one.params))


def _twice(row: StaffRow) -> Refused:
    return Refused(row.line, "code", "given_twice", "The code stands in several lines.")
