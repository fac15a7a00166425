"""Saved ways to read files, and making a mapping of what a caller says."""

from collections.abc import Mapping as Members
from datetime import date
from typing import Any

from sqlalchemy import delete, insert, select, update

from app.domain.common.access import Actor
from app.domain.customers.contract_statements import AgeUnit
from app.domain.imports.mapping import Mapping
from app.domain.imports.sources import MappingError, MappingProblem, column_flags, given_twice
from app.domain.imports.targets import PEOPLE, RecordKind, Target, names, unnumbered
from app.errors import FieldError, InvalidError
from app.schemas.common.base import ChangesQuery
from app.services.imports import record_requests, surveys
from app.services.imports.people import rows
from app.services.platform import preconditions
from app.store import dialects
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.listing import COMPANY_WIDE, Listing, since
from app.store.paging import After, Page, SortKey
from app.store.tables import ImportMapping
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now

MAPPINGS = Listing(
    ChangesQuery,
    select(ImportMapping.__table__),
    owner=COMPANY_WIDE,
    missing="There is no such import mapping.",
    sorts=[SortKey(ImportMapping.name)],
    filters=[since(ImportMapping.updated_at)],
)
_KIND = RecordKind.TRANSACTIONS.value  # of mappings that were saved before there were other kinds
_ADDED: Row = {
    "values": [],
    "grouping": True,
    "skip_lines": 0,
    "update": False,
    "keep_history": False,
    "snapshot_on": "",
    "unit": "",
}  # what mappings saved before lack
_OR_NOTHING = ("group_by", "snapshot_on", "unit")
"""Members that are empty in a mapping and null on the wire."""
_SHORTHANDS = {"age_column": "age", "left_column": "left"}
"""Members that name the column of a target."""
_QUERY_NAMES = {"columns": "column", "kind_rules": "kind_rule", "values": "value"}


# --- making a mapping


def parse(actor: Actor, members: Members[str, Any], *, in_query: bool = False) -> Mapping:
    """Make a mapping of its JSON form; times without an offset are the company's unless it says otherwise.

    ``in_query``: the members came as parameters, so errors name those instead of places in the body.

    Raises:
        InvalidError: it cannot be used; one field error for each reason.
    """
    members = {"time_zone": actor.company.time_zone, **members}
    for name in _OR_NOTHING:
        if members.get(name) is None:
            members.pop(name, None)
        elif isinstance(members[name], date | AgeUnit):
            members[name] = str(members[name])
    if isinstance(columns := members.get("columns"), dict):  # null: the target has no source
        members["columns"] = {target: source for target, source in columns.items() if source is not None}
        _spell_out(members, in_query)
    try:
        mapping = Mapping.from_dict(members)
        wrong_texts = rows.wrong_texts if mapping.kind in PEOPLE else record_requests.wrong_texts
        problems = record_requests.constant_problems(mapping, wrong_texts)
    except MappingError as error:
        problems = list(error.problems)
    if problems:
        raise InvalidError(fields=[_field(problem, in_query) for problem in problems])
    return mapping


def resolve(
    tx: ReadTx, actor: Actor, name: str | None, flags: Row, base: Members[str, Any] | None = None
) -> Mapping:
    """Make a mapping of parameters: the saved mapping ``name``, or ``base``, changed by what is given.

    Args:
        flags: members of the mapping, None or empty where not given; but for ``columns``, ``kind_rules``
            and ``values`` there are ``column`` (``target=source`` each, in the place of those of the saved
            mapping), ``kind_rule`` and ``value`` (replace those of the saved mapping) and ``currency`` (the
            same as ``column=currency==CODE``).

    Raises:
        NotFoundError: there is no saved mapping with this name.
        InvalidError: as in `parse`; a target is given twice; the saved mapping is for another kind of
            records; or there is no such survey to answer.
    """
    given = {member: value for member, value in flags.items() if value is not None}
    columns, currency = list(given.pop("column", None) or ()), given.pop("currency", None)
    columns += [f"{target}={given.pop(name)}" for name, target in _SHORTHANDS.items() if name in given]
    rules = {"kind_rules": given.pop("kind_rule", []), "values": given.pop("value", [])}
    members = dict(base or {}) if name is None else dict(get(tx, actor, name)["mapping"])
    kind = given.get("kind")
    if members and kind is not None and kind != members.get("kind", _KIND if name else kind):
        raise _wrong("kind", "other_kind", "The mapping is for another kind of records.")
    if isinstance(members.get("columns", {}), dict):
        sources = _sources(columns, currency, kind or members.get("kind"))
        saved = members.get("columns", {})
        kept = {target: source for target, source in saved.items() if unnumbered(target) not in sources}
        members["columns"] = {**kept, **sources}
        if given.get("group_by"):  # the mapping may have had another key
            members["columns"].setdefault("external_id", given["group_by"])
    members |= {member: value for member, value in rules.items() if value}
    return surveys.settled(tx, parse(actor, members | given, in_query=True))


def _spell_out(members: Row, in_query: bool) -> None:
    """Put columns that have a member of their own among the others.

    Raises:
        InvalidError: a target is given twice.
    """
    for name, target in _SHORTHANDS.items():
        column = members.pop(name, None)
        if column is not None and target in members["columns"]:
            raise InvalidError(fields=[_field(given_twice(target), in_query)])
        if column is not None:
            members["columns"][target] = column


def _sources(flags: list[str], currency: str | None, kind: str | None) -> dict[str, str]:
    """The sources that flags give to targets, each at most one."""
    try:
        sources = column_flags(flags, kind)
        if currency is not None and Target.CURRENCY.value in sources:
            raise MappingError([given_twice(Target.CURRENCY.value)])
    except MappingError as error:
        raise InvalidError(fields=[_field(problem, True) for problem in error.problems]) from None
    return sources if currency is None else {**sources, Target.CURRENCY.value: f"={currency}"}


def shape(mapping: Members[str, Any]) -> Row:
    """A mapping's JSON form with every target among the columns, null where it has no source."""
    kind = RecordKind(mapping.get("kind", _KIND))
    if "grouping" not in mapping and mapping.get("decimal_comma") is False:
        # It was written into every mapping then, whether it had been said or not.
        mapping = {**mapping, "decimal_comma": None}
    columns = {**dict.fromkeys(names(kind)), **mapping["columns"]}
    return {
        **_ADDED,
        **mapping,
        "kind": kind.value,
        "columns": columns,
        **{name: mapping.get(name) or None for name in _OR_NOTHING},
    }


def _field(problem: MappingProblem, in_query: bool) -> FieldError:
    pointer, location = problem.pointer, "body"
    if in_query:
        member, _, target = pointer.strip("/").partition("/")
        location = "query"
        if not (member == "columns" and target):  # a target is named as in a saved mapping
            pointer = _QUERY_NAMES.get(member, member)
    return FieldError(pointer, problem.code, problem.detail, location, problem.params)


def _wrong(parameter: str, code: str, detail: str) -> InvalidError:
    return InvalidError(fields=[FieldError(parameter, code, detail, "query")])


# --- saved mappings


@one_statement
def get(tx: ReadTx, actor: Actor, name: str) -> Row:
    """Read a saved mapping.

    Raises:
        NotFoundError: there is none with this name.
    """
    return _shape(MAPPINGS.one_or_404(tx, actor, ImportMapping.name == name))


@one_statement
def page(tx: ReadTx, actor: Actor, query: ChangesQuery, after: After | None) -> Page:
    """Read a page of saved mappings by name."""
    return MAPPINGS.page(tx, actor, query, after, _shape)


def put(
    tx: WriteTx,
    actor: Actor,
    name: str,
    members: Members[str, Any],
    if_match: str | None,
    if_none_match: str | None = None,
) -> tuple[Row, bool]:
    """Save a mapping under a name, over the one that has it.

    Returns:
        The saved mapping, and whether it is new.

    Raises:
        InvalidError: it cannot be used.
        PreconditionFailedError: ``if_match`` does not name the present version, or ``if_none_match`` does.
    """
    mapping = parse(actor, members).to_dict()
    dialects.advisory_lock(tx, f"import-mapping:{name}")
    before = tx.execute(MAPPINGS.visible(actor).where(ImportMapping.name == name)).mappings().first()
    version = None if before is None else before["version"]
    preconditions.check_version(version, if_match, if_none_match)
    if before is not None and before["mapping"] == mapping:
        return _shape(dict(before)), False
    at = now()
    if before is None:
        row: Row = {"name": name, "version": 1, "mapping": mapping, "created_at": at, "updated_at": at}
        tx.execute(insert(ImportMapping).values(row))
    else:
        changed = {"version": before["version"] + 1, "mapping": mapping, "updated_at": at}
        tx.execute(update(ImportMapping).where(ImportMapping.name == name).values(changed))
        row = {**before, **changed}
    trail.record(tx, actor, "import_mapping.saved", name)
    return _shape(row), before is None


def remove(tx: WriteTx, actor: Actor, name: str, if_match: str | None) -> None:
    """Delete a saved mapping; imports that used it keep their copy.

    Raises:
        NotFoundError: there is none with this name.
        PreconditionFailedError: ``if_match`` does not name the present version.
    """
    row = MAPPINGS.one_or_404(tx, actor, ImportMapping.name == name, lock=True)
    preconditions.check_version(row["version"], if_match)
    tx.execute(delete(ImportMapping).where(ImportMapping.name == name))
    trail.record(tx, actor, "import_mapping.deleted", name)


def _shape(row: Row) -> Row:
    return {**row, "mapping": shape(row["mapping"])}
