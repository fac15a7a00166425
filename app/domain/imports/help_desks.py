"""Complaints as help desks export them, in the form that a complaint has here."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

FEW = timedelta(minutes=1)
"""A complaint that was closed so little before it was resolved was closed when it was resolved."""


def settled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give a row by target, its times in order: what was closed without being resolved was resolved then.

    >>> day = datetime(2026, 5, 2)
    >>> settled({"resolved_at": None, "closed_at": day})["resolved_at"] == day
    True
    """
    row = dict(values)
    closed_at, resolved_at = row.get("closed_at"), row.get("resolved_at")
    if not isinstance(closed_at, datetime):
        return row
    if resolved_at is None:
        row["resolved_at"] = closed_at
    elif isinstance(resolved_at, datetime) and resolved_at - FEW <= closed_at < resolved_at:
        row["closed_at"] = resolved_at
    return row
