"""Where a generated company ends: what lies after an instant of its last day has not happened."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from app.demo.contents import Demo, Transactions
from app.demo.model import BoolArray
from app.demo.surveys import Asked

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
