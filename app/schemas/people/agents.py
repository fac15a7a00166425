"""Agents on the wire."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.domain.common import emails
from app.domain.people.seen_in import SeenIn
from app.schemas.common.base import (
    NO_CONTROL,
    STRIPPED,
    UNSET,
    ChangesQuery,
    Count,
    DayIn,
    Flag,
    Input,
    Language,
    Output,
    PageOf,
    QueryFlag,
    Version,
    line,
    line_out,
    paragraph,
)
from app.schemas.people.codes import (
    AgentCodeOut,
    RoleCode,
    RoleCodeOut,
    UnitCode,
    UnitCodeOut,
)

EXAMPLE_CODE = "ayse.k"
EXAMPLE_LEAVING_CODE = "okan.p"
MAX_LANGUAGES = 20
MAX_SKILLS = 50
MAX_NOTE = 2000


def _address(text: str) -> str:
    try:
        return emails.normalise(text)
    except ValueError:
        message = "This is not an e-mail address; expected is one such as ayse@example.com."
        raise PydanticCustomError("email", message) from None


Email = Annotated[
    str,
    StringConstraints(min_length=3, max_length=254, pattern=NO_CONTROL),
    Field(examples=["ayse.k@vefa.example"]),
    AfterValidator(_address),
    STRIPPED,
]
Skills = Annotated[list[Annotated[str, line(64)]], Field(max_length=MAX_SKILLS, examples=[["returns"]])]
Note = Annotated[str, paragraph(MAX_NOTE), Field(examples=["On leave until spring."])]

_EXAMPLE: dict[str, Any] = {
    "name": "Ayşe Kaya",
    "email": "ayse.k@vefa.example",
    "unit": "istanbul",
    "role": "clerk",
    "languages": ["tr", "en"],
    "skills": ["returns"],
    "active_from_on": "2024-11-01",
    "active_until_on": None,
    "is_active": True,
}


class AgentPut(Input):
    """An agent to register, or what to change of the one that has the code: absent members are kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: Annotated[str, line(200)] = Field(default=UNSET, examples=["Ayşe Kaya"])
    """Required when the code is new."""
    email: Email | None = None
    unit: UnitCode | None = Field(default=None, examples=["istanbul"])
    """Where the person works: a registered unit that is active."""
    role: RoleCode | None = Field(default=None, examples=["clerk"])
    """A registered role that is active. It limits keys that are bound to the person."""
    languages: Annotated[list[Language], Field(max_length=MAX_LANGUAGES)] = Field(
        default=UNSET, examples=[["tr", "en"]]
    )
    """Languages the person speaks."""
    skills: Skills = Field(default=UNSET)
    active_from_on: DayIn | None = Field(default=None, examples=["2024-11-01"])
    """The first day; null: always was."""
    active_until_on: DayIn | None = Field(default=None, examples=["2027-01-31"])
    """The last day; null: no end is known. One that is over makes the person inactive at once, one to come
    within minutes after the day has ended."""
    is_active: Flag = Field(default=UNSET, examples=[True])
    """Whether the person works here. What somebody owns who becomes inactive goes to the queue of the unit,
    else of the nearest active unit above it, else to the company's desk. True when the code is new."""


class AgentRead(Output):
    """A person who serves customers."""

    code: AgentCodeOut
    version: Version
    name: Annotated[str, line_out(200)]
    email: Annotated[str, line_out(254)] | None
    unit: UnitCodeOut | None
    role: RoleCodeOut | None
    languages: Annotated[list[Language], Field(max_length=MAX_LANGUAGES)]
    skills: Annotated[list[Annotated[str, line_out(64)]], Field(max_length=MAX_SKILLS)]
    active_from_on: date | None
    active_until_on: date | None
    is_active: bool
    """False: may neither act nor own anything. True: may, on the days between the two."""
    created_at: datetime
    updated_at: datetime


class AgentSaved(AgentRead):
    """An agent as it is now, and what the request did beyond that."""

    adopted_records: Count
    """Interactions, complaints, survey invitations and responses that named the code before it was
    registered; 0 when it was already."""
    handed_over_complaints: Count
    """Complaints that went to a queue because the person became inactive."""
    handed_over_promises: Count
    """Promises that went to a queue because the person became inactive."""


class SeenRecords(Output):
    """How often an agent's code stands in records of one kind."""

    records: SeenIn
    count: Count
    last_at: datetime
    """When the latest of them happened."""


class AgentListed(Output):
    """An agent of the list; of one that is not registered only the code is known, and where it stands."""

    code: AgentCodeOut
    is_registered: bool
    version: Version | None
    name: Annotated[str, line_out(200)] | None
    email: Annotated[str, line_out(254)] | None
    unit: UnitCodeOut | None
    role: RoleCodeOut | None
    languages: Annotated[list[Language], Field(max_length=MAX_LANGUAGES)]
    skills: Annotated[list[Annotated[str, line_out(64)]], Field(max_length=MAX_SKILLS)]
    active_from_on: date | None
    active_until_on: date | None
    is_active: bool
    created_at: datetime | None
    updated_at: datetime | None
    seen_count: Count | None
    """In how many records the code stands; null for registered ones, which are not counted here."""
    last_seen_at: datetime | None
    """When the latest of them happened."""
    seen_in: Annotated[list[SeenRecords], Field(max_length=len(SeenIn))]
    """The same by kind of record; empty for registered ones."""


class AgentPage(PageOf):
    """A page of agents by code."""

    data: Annotated[list[AgentListed], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class AgentQuery(ChangesQuery):
    """Filters add up: an agent must match all of them."""

    registered: QueryFlag | None = None
    """False: codes that stand in records and that nobody registered, with how often and when last; goes with
    no other filter. Otherwise registered ones only."""
    unit: UnitCode | None = None
    """Of this unit."""
    role: RoleCode | None = None
    """Of this role."""
    language: Language | None = None
    """Who speak this language."""
    active: QueryFlag | None = None
    """Active today, or not."""


class AgentDeactivation(Input):
    """That somebody does not work here any more; `{}` is enough."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "On leave until spring."}]})

    note: Note | None = None
    """Kept with each complaint that is handed over."""


class AgentDeactivated(AgentRead):
    """An agent who is inactive now, and what became of their work."""

    handed_over_complaints: Count
    """Complaints that were not closed and belong to the queue now, each with an event."""
    handed_over_promises: Count
    """Promises that were neither kept nor cancelled and belong to the queue now, each with an event."""
    queue: Annotated[str, line_out(100)]
    """The owner that they went to: a unit, or the company's desk."""
    headless_units: Annotated[list[UnitCodeOut], Field(max_length=1000)]
    """Units that the person led and that have no head now, at most 1,000."""
