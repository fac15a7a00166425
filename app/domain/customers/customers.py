"""What a customer may be, and what one can be found by."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from app.domain.common import emails, names, phones

MAX_CONTACT_POINTS = 20
MAX_EXTERNAL_IDS = 20
MAX_TAGS = 50
MAX_ATTRIBUTES = 50
LOOKUP_LENGTH = 200
"""Longest value that is indexed, in characters; longer ones are stored but not findable."""


class CustomerKind(StrEnum):
    """Whether the customer is a person or an organisation."""

    PERSON = "person"
    ORGANISATION = "organisation"


class Lifecycle(StrEnum):
    """Where the customer stands: not yet bought, active, or gone."""

    PROSPECT = "prospect"
    ACTIVE = "active"
    LEFT = "left"


class LeavingReason(StrEnum):
    """Why a customer left. ``ended_by_us`` is not churn."""

    PRICE = "price"
    SERVICE = "service"
    PRODUCT = "product"
    COMPETITOR = "competitor"
    MOVED = "moved"
    NO_NEED = "no_need"
    DECEASED = "deceased"
    ENDED_BY_US = "ended_by_us"
    OTHER = "other"


class ContactKind(StrEnum):
    """What kind of address a contact point is."""

    PHONE = "phone"
    EMAIL = "email"
    SOCIAL = "social"


class Channel(StrEnum):
    """How a customer and the company meet."""

    PHONE = "phone"
    EMAIL = "email"
    CHAT = "chat"
    SOCIAL = "social"
    STORE = "store"
    APP = "app"
    WEB = "web"
    VISIT = "visit"
    LETTER = "letter"


class Tier(StrEnum):
    """80/20 value tier: A holds the first 80 % of value, B the next 15 %, C the rest."""

    A = "A"
    B = "B"
    C = "C"


class ChurnLevel(StrEnum):
    """How likely a customer is lost: up to half, up to four fifths, above that; or gone already."""

    HEALTHY = "healthy"
    WATCH = "watch"
    AT_RISK = "at_risk"
    LEFT = "left"


class Match(StrEnum):
    """How sure it is who a number, an address or a key belongs to."""

    KNOWN = "known"
    MAYBE = "maybe"
    NONE = "none"


def match_of(found: int) -> Match:
    """Say how sure it is who somebody is when ``found`` customers fit: nobody, one, or one of several.

    >>> match_of(0).value, match_of(1).value, match_of(2).value
    ('none', 'known', 'maybe')
    """
    return Match.MAYBE if found > 1 else Match.KNOWN if found else Match.NONE


def contract_fault(started_on: date, ends_on: date | None, notice_given_on: date | None) -> str | None:
    """Name the day of a contract that lies before its start; None when all are in order.

    A contract may end on the day it starts, and notice may be given on it. An end in the past is in
    order: the contract has run out.

    >>> contract_fault(date(2026, 1, 1), date(2025, 12, 31), None)
    'ends_on'
    """
    if ends_on is not None and ends_on < started_on:
        return "ends_on"
    if notice_given_on is not None and notice_given_on < started_on:
        return "notice_given_on"
    return None


def normalise_contact(kind: str, value: str, regions: tuple[str, ...]) -> tuple[str, str | None]:
    """The one spelling of a contact point that is stored (E.164, a checked address, a handle without ``@``),
    and the extension behind a number.

    Raises:
        ValueError: not one number of the regions (`phones.PhoneError`), not one e-mail address, or an empty
            handle.

    >>> normalise_contact("phone", "0212 555 12 34 x12", ("TR", "AZ"))
    ('+902125551234', '12')
    """
    if kind == ContactKind.PHONE:
        number, extension = phones.parse(value, regions)
        return number, extension
    if kind == ContactKind.EMAIL:
        return emails.normalise(value), None
    handle = value.strip().removeprefix("@")
    if not handle or any(character.isspace() for character in handle):
        raise ValueError("not a social handle")
    return handle, None


def contact_key(kind: str, value: str, network: str | None = None) -> str:
    """The key a stored contact point is looked up by: letter case does not matter."""
    if kind == ContactKind.SOCIAL:
        return f"{network or ''}:{value}".lower()
    return value.lower()


def attribute_key(name: str, value: Any) -> str:
    """The key an attribute is looked up by; numbers and booleans as JSON spells them.

    >>> attribute_key("newsletter", True), attribute_key("city", "İzmir")
    ('newsletter=true', 'city=İzmir')
    """
    if isinstance(value, bool):
        return f"{name}={str(value).lower()}"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"{name}={value}"


def lookups(
    name: str | None,
    contact_points: Iterable[Mapping[str, Any]],
    tags: Iterable[str],
    attributes: Mapping[str, Any],
) -> set[tuple[str, str]]:
    """Everything a customer can be found by, as ``(kind, value)`` pairs.

    >>> sorted(lookups("Işık Ltd", [], ["vip"], {}))
    [('tag', 'vip'), ('word', 'isik'), ('word', 'ltd')]
    """
    found = {("word", word) for word in names.keys(name or "")}
    found |= {
        (point["kind"], contact_key(point["kind"], point["value"], point.get("network")))
        for point in contact_points
    }
    found |= {("tag", tag) for tag in tags}
    found |= {("attribute", attribute_key(key, value)) for key, value in attributes.items()}
    return {(kind, value) for kind, value in found if len(value) <= LOOKUP_LENGTH}
