"""Ways to reach a customer, on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.domain.customers import ContactKind
from app.schemas._base import Code, Flag, Input, Output, shown


class ContactPointIn(Input):
    """A way to reach the customer."""

    kind: ContactKind
    value: Annotated[
        str, StringConstraints(min_length=1, max_length=254, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")
    ]
    """A phone number in any national spelling, an e-mail address, or a social handle."""
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
        return self


class ContactPoint(Output):
    """A way to reach the customer."""

    id: UUID
    kind: ContactKind
    value: Annotated[str, shown(254)]
    """E.164 for phones (``+905321234567``), the address for e-mail, the handle without ``@`` for social."""
    network: Code | None
    primary: bool
    verified: bool
