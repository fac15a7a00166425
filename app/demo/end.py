"""What a generated company consists of, and its end: what lies after an instant has not happened."""

from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from typing import Any, Final

import numpy as np

from app.demo.contacts import Contacts
from app.demo.model import BoolArray, DateTimeArray, DemoModel, IntArray, Latent
from app.demo.surveys import Asked


@dataclass(frozen=True, slots=True)
class Transactions:
    """Columns of equal length in order of time, ready for bulk loading.

    ``amount_minor`` is the non-negative magnitude in minor units of ``currency``, whatever the kind;
    ``occurred_at`` is datetime64[us] in UTC; ``cost_minor`` is -1 where the cost is unknown and otherwise
    a magnitude like the amount (for a refund or cancellation: the cost of the goods that came back).
    """

    customer_index: IntArray
    external_id: list[str]
    kind: list[str]
    amount_minor: IntArray
    currency: list[str]
    occurred_at: DateTimeArray
    category: list[str]
    channel: list[str]
    cost_minor: IntArray

    def __len__(self) -> int:
        return len(self.external_id)


@dataclass(frozen=True, slots=True)
class Demo:
    """A generated company, in which nothing happens after ``ends_at`` (UTC).

    ``customers`` have the members of ``POST /v1/customers``; ``rates`` are (currency, local day, TRY per
    unit as a decimal string); ``latent`` is aligned with ``customers``. ``contacts`` and ``asked`` say what
    was talked about and answered. ``terms`` have the members of an item of
    ``POST /v1/customers/contract-terms/batch``: what was known of contracts, and from which day on.
    """

    seed: int
    first_day: date
    until: date
    ends_at: datetime
    model: DemoModel
    customers: list[dict[str, Any]]
    transactions: Transactions
    rates: list[tuple[str, date, str]]
    latent: Latent
    contacts: Contacts
    asked: Asked
    terms: list[dict[str, Any]]


STEPS: Final = ("acknowledged_at", "resolved_at", "closed_at")


def cut(demo: Demo, ends_at: datetime) -> Demo:
    """The company as it was at an instant of its last day.

    Whoever would have bought for the first time later on that day is a prospect. Calls and complaints lie
    before the last day; the steps of complaints do not.
    """
    at = np.datetime64(ends_at.astimezone(UTC).replace(tzinfo=None), "us")
    text = f"{at.astype('datetime64[s]')}Z"
    transactions = _until(demo.transactions, demo.transactions.occurred_at <= at)
    bought = np.zeros(len(demo.customers), dtype=np.bool_)
    bought[transactions.customer_index] = True
    yet_to_come = ~demo.latent.prospect & ~bought
    later = demo.latent.dropped_out_at > at
    latent = replace(
        demo.latent,
        prospect=demo.latent.prospect | yet_to_come,
        subscriber=demo.latent.subscriber & ~yet_to_come,
        dropped_out_at=np.where(later, np.datetime64("NaT", "us"), demo.latent.dropped_out_at),
    )
    return replace(
        demo,
        ends_at=ends_at,
        transactions=transactions,
        latent=latent,
        customers=_customers(demo.customers, yet_to_come),
        terms=_terms(demo, yet_to_come),
        contacts=replace(
            demo.contacts, complaints=[_complaint(found, text) for found in demo.contacts.complaints]
        ),
        asked=_asked(demo.asked, text),
    )


def _until(columns: Transactions, remaining: BoolArray) -> Transactions:
    """The first transactions: they are in order of time."""
    n = int(remaining.sum())
    return Transactions(**{field.name: getattr(columns, field.name)[:n] for field in fields(columns)})


def _customers(customers: list[dict[str, Any]], yet_to_come: BoolArray) -> list[dict[str, Any]]:
    prospect = {"lifecycle": "prospect", "contract": None}
    return [
        {**customer, **prospect} if comes else customer
        for customer, comes in zip(customers, yet_to_come.tolist(), strict=True)
    ]


def _terms(demo: Demo, yet_to_come: BoolArray) -> list[dict[str, Any]]:
    without = {demo.customers[k]["external_ids"][0]["key"] for k in np.flatnonzero(yet_to_come).tolist()}
    return [item for item in demo.terms if item["customer"]["key"] not in without]


def _complaint(complaint: dict[str, Any], until: str) -> dict[str, Any]:
    later = {step for step in STEPS if complaint.get(step, "") > until}
    if "resolved_at" in later:
        later.add("resolution")
    return {name: value for name, value in complaint.items() if name not in later}


def _asked(asked: Asked, until: str) -> Asked:
    """Invitations are in order of time, so responses name them by the same positions."""
    invitations = [item for item in asked.invitations if item["invited_at"] <= until]
    responses = [item for item in asked.responses if item["answered_at"] <= until]
    return Asked(invitations, responses)
