"""Ways to reach a customer, on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.domain.customers.customers import ContactKind
from app.schemas.common.base import STRIPPED, Code, Flag, Input, Output, line_out

Extension = Annotated[str, StringConstraints(max_length=9, pattern=r"^[0-9]{1,9}$")]


class ContactPointIn(Input):
    """A way to reach the customer."""

    kind: ContactKind
    value: Annotated[
        str,
        StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$"),
        STRIPPED,
    ]
    """A phone number in any national spelling, also with its extension (``0212 555 12 34 dahili 12``) or as a
    ``tel:`` or ``sip:`` URI; an e-mail address, also with a name beside it; or a social handle."""
    extension: Extension | None = Field(default=None, examples=[None])
    """Extension behind a phone number, where the value does not say it."""
    network: Code | None = None
    """Social network of a handle (``instagram``); only for kind ``social``."""
    primary: Flag = False
    """The first choice among contact points of its kind; at most one of a kind."""
    verified: Flag = False
    """Whether the customer proved to own it."""

    @model_validator(mode="after")
    def _network_is_social(self) -> "ContactPointIn":
        if (self.kind == ContactKind.SOCIAL) != (self.network is not None):
            raise PydanticCustomError("network", "network belongs to kind social, and only there")
        if self.extension is not None and self.kind != ContactKind.PHONE:
            raise PydanticCustomError("extension", "extension belongs to kind phone, and only there")
        return self


class ContactPoint(Output):
    """A way to reach the customer."""

    id: UUID
    kind: ContactKind
    value: Annotated[str, line_out(254)]
    """E.164 for phones (``+905321234567``), the address for e-mail, the handle without ``@`` for social."""
    extension: Extension | None
    """Digits to dial behind a phone number; null without them."""
    network: Code | None
    primary: bool
    verified: bool
