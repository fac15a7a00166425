"""Dispositions, how contacts can end, on the wire."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from app.schemas.common.base import UNSET, Flag, Input, Label, Language, Output, PageOf, Version, line

MAX_LANGUAGES = 20
NAMES: dict[str, Any] = {"en": "Invoice sent", "tr": "Fatura gönderildi", "az": "Faktura göndərildi"}

Names = Annotated[
    dict[Language, Annotated[str, line(100)]],
    Field(
        min_length=1,
        max_length=MAX_LANGUAGES,
        examples=[NAMES],
    ),
]


class DispositionPut(Input):
    """A disposition to add, or what to change of the one that has the code: absent members are kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"names": NAMES, "is_active": True}]})

    names: Names = Field(default=UNSET)
    """What people read, by language; replaced whole, but a built-in disposition keeps its own name in
    languages left out. Required when the code is new."""
    is_active: Flag = Field(default=UNSET, examples=[True])
    """Whether new interactions may end like this; those that did keep it. True when the code is new."""


class DispositionRead(Output):
    """A way in which a contact can end."""

    code: Label
    version: Version
    names: Annotated[dict[Language, Annotated[str, line(100)]], Field(max_length=2 * MAX_LANGUAGES)]
    is_active: bool
    is_built_in: bool
    """Whether it comes with Vefa."""
    updated_at: datetime | None
    """Null for a built-in one that the company has not changed."""


class DispositionPage(PageOf):
    """A page of dispositions by code."""

    data: Annotated[list[DispositionRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""
