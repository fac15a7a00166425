"""What a compensation costs the company: read from what was sent, and converted at the rate of the day."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select

from app.domain.activity.transactions import TransactionKind
from app.domain.common import money
from app.domain.common.access import Actor
from app.domain.compensations.kinds import KindUnit, cost_of_percent, cost_of_pieces
from app.errors import FieldError, InvalidError
from app.schemas.compensations.compensations import CompensationCreate
from app.services.compensations import kinds
from app.store.tables import Compensation, ExchangeRate, Transaction
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.visibility import visible_to

_MEMBERS = {
    KindUnit.MONEY: ("amount",),
    KindUnit.PERCENT: ("percent", "transaction_id"),
    KindUnit.POINTS: ("quantity",),
    KindUnit.PIECE: ("quantity",),
}


@dataclass(frozen=True, slots=True)
class Amount:
    """What is to be given, and what it costs: in the currency it arises in, and in the reporting currency."""

    amount_minor: int
    amount_currency: str
    cost_minor: int
    currency: str
    quantity: int | None = None
    percent: int | None = None
    transaction_id: UUID | None = None


def kind_of(tx: ReadTx, code: str) -> Row:
    """Return a kind that can be given.

    Raises:
        InvalidError: there is none with this code (``unknown_kind``), or it is switched off
            (``inactive_kind``).
    """
    kind = kinds.find(tx, code)
    if kind is None:
        detail = "There is no kind of compensation with this code. GET /v1/compensation-kinds lists them."
        raise InvalidError(fields=[FieldError("/kind", "unknown_kind", detail)])
    if not kind["is_active"]:
        detail = "This kind is switched off. Give another one, or make it active."
        raise InvalidError(fields=[FieldError("/kind", "inactive_kind", detail)])
    return kind


def read(
    tx: WriteTx, actor: Actor, kind: Row, data: CompensationCreate, customer_id: UUID, on: date
) -> Amount:
    """Read what a request wants to give to a customer on a local day.

    Raises:
        InvalidError: a member that the kind needs is missing or one is sent that it has not; an amount is not
            above 0 (``not_positive``), too fine or too large; there is no rate (``no_exchange_rate``); the
            transaction is unknown, another customer's, no purchase, or compensated whole already.
    """
    unit = KindUnit(kind["unit"])
    _check_members(data, unit)
    if unit is KindUnit.MONEY and data.amount is not None:
        minor, currency, pointer = kinds.minor_of(data.amount, "/amount"), data.amount.currency, "/amount"
        more: Row = {}
    elif unit is KindUnit.PERCENT and data.percent is not None and data.transaction_id is not None:
        price, currency = _price(tx, actor, data.transaction_id, data.percent, customer_id)
        minor, pointer = cost_of_percent(data.percent, price), "/percent"
        more = {"percent": data.percent, "transaction_id": data.transaction_id}
    else:
        pointer, currency, more = "/quantity", kind["unit_cost_currency"], {"quantity": data.quantity}
        try:
            minor = cost_of_pieces(data.quantity or 0, kind["unit_cost_minor"])
        except ValueError:
            raise _too_large(pointer) from None
    if minor <= 0:
        detail = "Expected an amount above 0."
        raise InvalidError(fields=[FieldError(pointer, "not_positive", detail)])
    reporting = actor.company.reporting_currency
    cost = converted(tx, minor, currency, reporting, on, pointer)
    return Amount(minor, currency, cost, reporting, **more)


def converted(tx: ReadTx, minor: int, currency: str, reporting: str, on: date, pointer: str) -> int:
    """Convert an amount into the reporting currency at the latest rate of a local day or before it.

    Raises:
        InvalidError: there is no such rate (``no_exchange_rate``), or the amount is too large.
    """
    if currency == reporting:
        return minor
    rate = (
        select(ExchangeRate.rate)
        .where(ExchangeRate.currency == currency, ExchangeRate.on_date <= on)
        .order_by(ExchangeRate.on_date.desc())
        .limit(1)
    )
    found = tx.execute(rate).scalar_one_or_none()
    if found is None:
        detail = (
            "There is no rate of {currency} up to today: set one at /v1/exchange-rates, or give {reporting}."
        )
        params = {"currency": currency, "reporting": reporting}
        raise InvalidError(fields=[FieldError(pointer, "no_exchange_rate", detail, params=params)])
    try:
        cost = money.convert(minor, currency, Decimal(found), reporting)
    except ValueError:
        raise _too_large(pointer) from None
    if cost <= 0:
        detail = "Expected an amount above 0."
        raise InvalidError(fields=[FieldError(pointer, "not_positive", detail)])
    return cost


# --- inside


def _check_members(data: CompensationCreate, unit: KindUnit) -> None:
    wrong = []
    for name in ("amount", "percent", "transaction_id", "quantity"):
        is_sent = getattr(data, name) is not None
        if name in _MEMBERS[unit] and not is_sent:
            wrong.append(FieldError(f"/{name}", "missing", "This member is required."))
        elif name not in _MEMBERS[unit] and is_sent:
            detail = "This kind is counted in something else: leave this out."
            wrong.append(FieldError(f"/{name}", "not_of_this_kind", detail))
    if wrong:
        raise InvalidError(fields=wrong)


def _price(
    tx: WriteTx, actor: Actor, transaction_id: UUID, percent: int, customer_id: UUID
) -> tuple[int, str]:
    """The price of a purchase that is locked, and its currency."""
    wanted = select(Transaction.__table__).where(Transaction.id == transaction_id).with_for_update()
    row = tx.execute(visible_to(wanted, actor, Transaction.customer_id)).mappings().first()
    if row is None:
        raise _wrong("unknown_transaction", "There is no such transaction.")
    if row["customer_id"] != customer_id:
        raise _wrong("other_customer", "This belongs to another customer.")
    if row["kind"] != TransactionKind.PURCHASE or row["amount_minor"] <= 0:
        raise _wrong("not_a_purchase", "Expected a purchase: of others there is nothing to give a part of.")
    given = select(func.coalesce(func.sum(Compensation.percent), 0)).where(
        Compensation.transaction_id == transaction_id,
        Compensation.reverses_id.is_(None),
        Compensation.reversed_by_id.is_(None),
    )
    left = 100 - int(tx.execute(given).scalar_one() or 0)
    if percent > left:
        detail = "Of this purchase only {left} percent are left that were not given already."
        raise InvalidError(fields=[FieldError("/percent", "above_whole", detail, params={"left": left})])
    return int(row["amount_minor"]), str(row["currency"])


def _wrong(code: str, detail: str) -> InvalidError:
    return InvalidError(fields=[FieldError("/transaction_id", code, detail)])


def _too_large(pointer: str) -> InvalidError:
    detail = "The amount is too large. Expected less."
    return InvalidError(fields=[FieldError(pointer, "too_large", detail)])
