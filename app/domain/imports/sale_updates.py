"""Sales that a source sends again: what of a stored one its row changes."""

from collections.abc import Mapping
from typing import Any

from app.domain.activity.transactions import LOWERING
from app.domain.imports.source_digests import SALE, newer_members, of_sale

Row = Mapping[str, Any]


class OtherSaleError(ValueError):
    """A row is about another sale than the stored one; ``target`` tells them apart."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target


def changes(stored: Row, customer: bytes, row: Row, known: bytes) -> dict[str, Any]:
    """What a row changes of a stored sale: where its source says something else than it did before. What it
    leaves out stays.

    Args:
        stored: `SALE` of the stored one, and the 16 bytes of its ``customer``.
        customer: whose the row's sale is.
        row: `SALE` of the row.
        known: what the source said before.

    Raises:
        OtherSaleError: it is a sale to somebody else, or in a currency in which its cost is not known.
    """
    new = newer_members(of_sale(customer, row), known)
    if "customer" in new and stored["customer"] != customer:
        raise OtherSaleError("customer_key")
    if "currency" in new:  # an amount is nothing without its currency
        new |= {"amount_minor", "cost_minor"}
        if row["cost_minor"] is None and stored["cost_minor"] is not None:
            raise OtherSaleError("cost")
    changed = {name: row[name] for name in SALE if name in new and row[name] != stored[name]}
    if "kind" in changed:
        for name in ("amount_minor", "cost_minor"):
            amount = changed.get(name, stored[name])
            if amount is not None:
                changed[name] = -abs(amount) if row["kind"] in LOWERING else abs(amount)
    return {name: value for name, value in changed.items() if value != stored[name]}


def restored(present: Row, before: Row, after: Row) -> dict[str, Any]:
    """What becomes of a sale when an import that changed it is taken back: each value that is still the
    import's is what it was before; kind, amount, currency and cost together or not at all.

    >>> restored({"channel": "web", "category": "b"}, {"channel": None, "category": "a"},
    ...          {"channel": "web", "category": "c"})
    {'channel': None}
    """
    theirs = {name for name, value in after.items() if present[name] == value}
    if not _MONEY & after.keys() <= theirs:
        theirs -= _MONEY
    return {name: before[name] for name in after if name in theirs}


_MONEY = {"kind", "amount_minor", "currency", "cost_minor"}
