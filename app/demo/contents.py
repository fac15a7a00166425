"""What a generated company consists of."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.demo.contacts import Contacts
from app.demo.model import DateTimeArray, DemoModel, IntArray, Latent
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
