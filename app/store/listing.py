"""Lists: what each can be filtered and sorted by, and who sees its rows, declared once.

::

    THINGS = Listing(
        ThingQuery,
        select(Thing.__table__),
        owner=Thing.customer_id,
        missing="There is no such thing.",
        sorts=by_time(ThingSort, Thing.happened_at, Thing.updated_at, Thing.id),
        filters=[equal(Thing.channel), window("happened", Thing.happened_at), since(Thing.updated_at)],
    )
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement, Select

from app.domain.common.access import Actor
from app.domain.common.text import split_qualified
from app.errors import NotFoundError
from app.store.paging import After, Page, SortKey, fetch
from app.store.sql import prepared_pages
from app.store.sql.prepared_pages import PreparedPages
from app.store.transactions import ReadTx, Row
from app.store.visibility import owned_by, visible_to

Condition = ColumnElement[bool]
Sorts = Mapping[Any, Sequence[SortKey]]

COMPANY_WIDE: Any = object()
"""Instead of an ``owner``: the rows are the company's, and every caller with the scope sees them all."""

_NO_FILTERS = {"cursor", "limit", "sort"}


class Query(Protocol):
    """A query model: its fields are the members a caller can send; lists that are empty filter nothing."""

    @property
    def limit(self) -> int:
        """Rows of a page, at most."""


Q = TypeVar("Q", bound=Query)


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on one member of a query, which is applied when the member is sent."""

    member: str
    condition: Callable[[Any, Actor], Condition]


class Listing(Generic[Q]):
    """A list of rows that the caller may see.

    Args:
        query: the query model. Each of its fields but ``limit``, ``cursor``, ``sort`` and ``others`` needs
            one of the ``filters``.
        statement: selects the columns that are read.
        owner: the column that says whose row it is; or `COMPANY_WIDE`; or a function that adds to a
            statement what limits it to a caller.
        missing: the message of the refusal when one row is asked for that the caller cannot see.
        sorts: the order by each value of ``sort``; or the only order.
        unit: the column that says which unit an anonymous row is of.
        others: fields of the query that filter nothing.

    Raises:
        TypeError: a field of the query has no filter, a filter no field, or a sort no order.
    """

    def __init__(
        self,
        query: type[Q],
        statement: Select[Any],
        *,
        owner: Any,
        missing: str,
        sorts: Sorts | Sequence[SortKey],
        filters: Iterable[Filter | Iterable[Filter]] = (),
        unit: Any = None,
        others: Collection[str] = (),
    ) -> None:
        self.query, self._statement, self._missing = query, statement, missing
        self._owner, self._unit = owner, unit
        self._sorts = sorts
        self._pages = PreparedPages(statement)
        flat = [one for part in filters for one in ([part] if isinstance(part, Filter) else part)]
        self._filters = {one.member: one.condition for one in flat}
        fields: Mapping[str, Any] = query.model_fields  # type: ignore[attr-defined]
        wanted = set(fields) - _NO_FILTERS - set(others)
        if wanted != set(self._filters) or len(flat) != len(self._filters):
            raise TypeError(f"filters of {query.__name__} differ: {wanted ^ set(self._filters)}")
        if "sort" in fields and set(fields["sort"].annotation) != set(sorts):
            raise TypeError(f"orders of {query.__name__} differ from its sorts")

    def visible(self, actor: Actor) -> Select[Any]:
        """Return the statement that selects the rows the caller may see."""
        if self._owner is COMPANY_WIDE:
            return self._statement
        if callable(self._owner):
            limited: Select[Any] = self._owner(self._statement, actor)
            return limited
        return visible_to(self._statement, actor, self._owner, self._unit)

    def filtered(self, actor: Actor, query: Q) -> Select[Any]:
        """Return the statement that selects the visible rows which match every filter."""
        statement = self.visible(actor)
        for member, condition in self._filters.items():
            value = getattr(query, member)
            if value is not None and value != []:
                statement = statement.where(condition(value, actor))
        return statement

    def order(self, query: Q) -> Sequence[SortKey]:
        """Return the columns that the query sorts by."""
        if isinstance(self._sorts, Mapping):
            keys: Sequence[SortKey] = self._sorts[query.sort]  # type: ignore[attr-defined]
            return keys
        return self._sorts

    def page(
        self, tx: ReadTx, actor: Actor, query: Q, after: After | None, shape: Callable[[Row], Row] = dict
    ) -> Page:
        """Read a page of the rows that match every filter, each brought into shape; one statement."""
        keys = self.order(query)
        if self._is_plain(actor, query) and prepared_pages.serves(keys):
            order = getattr(query, "sort", None)
            found = self._pages.fetch(tx, order, keys, limit=query.limit, after=after)
        else:
            found = fetch(tx, self.filtered(actor, query), keys, limit=query.limit, after=after)
        return Page([shape(row) for row in found.rows], found.after)

    def _is_plain(self, actor: Actor, query: Q) -> bool:
        """Tell whether the page is one of all rows there are."""
        sees_all = self._owner is COMPANY_WIDE or (not callable(self._owner) and not actor.is_limited)
        return sees_all and all(getattr(query, member) in (None, []) for member in self._filters)

    def one_or_404(self, tx: ReadTx, actor: Actor, *conditions: Any, lock: Any = None) -> Row:
        """Read one row, locked until the transaction ends where ``lock`` is True or the table to lock.

        Raises:
            NotFoundError: there is none, or the caller may not see it.
        """
        statement = self.visible(actor).where(*conditions)
        if lock is not None:
            statement = statement.with_for_update(of=None if lock is True else lock)
        return one_or_404(tx, statement, self._missing)


def one_or_404(tx: ReadTx, statement: Select[Any], missing: str) -> Row:
    """Read the row that ``statement`` finds.

    Raises:
        NotFoundError: it finds none; ``missing`` is the message.
    """
    row = tx.execute(statement).mappings().first()
    if row is None:
        raise NotFoundError(missing)
    return dict(row)


# --- orders


def by_time(sort: Any, at: Any, updated_at: Any, row_id: Any) -> dict[Any, Sequence[SortKey]]:
    """Orders ``oldest`` and ``newest`` by ``at``, and ``updated_at`` where ``sort`` has it."""
    sorts: dict[Any, Sequence[SortKey]] = {
        sort.OLDEST: (SortKey(at), SortKey(row_id)),
        sort.NEWEST: newest_first(at, row_id),
    }
    if hasattr(sort, "UPDATED_AT"):
        sorts[sort.UPDATED_AT] = (SortKey(updated_at), SortKey(row_id))
    return sorts


def newest_first(*columns: Any) -> tuple[SortKey, ...]:
    """The order by ``columns``, all descending."""
    return tuple(SortKey(column, descending=True) for column in columns)


# --- filters


def where(member: str, condition: Callable[[Any], Condition]) -> Filter:
    """The condition that a member's value gives."""
    return Filter(member, lambda value, _actor: condition(value))


def equal(*columns: Any) -> list[Filter]:
    """Members named as their columns, which have the value."""
    return [where(column.key, column.__eq__) for column in columns]


def any_of(*columns: Any) -> list[Filter]:
    """Members named as their columns, which have one of the values."""
    return [where(column.key, column.in_) for column in columns]


def window(name: str, column: Any) -> list[Filter]:
    """Members ``<name>_from`` (inclusive) and ``<name>_before`` (exclusive)."""
    return [
        where(f"{name}_from", lambda value: column >= value),
        where(f"{name}_before", lambda value: column < value),
    ]


def since(column: Any) -> Filter:
    """The member ``updated_after``: rows changed later than that."""
    return where("updated_after", lambda instant: column > instant)


def external_id(source: Any, key: Any) -> Filter:
    """The member ``external_id``: ``source:key``."""

    def condition(text: str) -> Condition:
        wanted_source, wanted_key = split_qualified(text)
        both: Condition = (source == wanted_source) & (key == wanted_key)
        return both

    return where("external_id", condition)


def customer_external_id(owner: Any) -> Filter:
    """The member ``customer_external_id``: rows of the customer that has this ``system:key``."""
    return where("customer_external_id", lambda text: owned_by(owner, text))
