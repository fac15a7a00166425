"""Jobs on the wire."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.domain.common.jobs import JobState
from app.schemas.common.base import Code, Count, Output, PageOf, Paging, line_out

EXAMPLE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7b20"
EXAMPLE_WAITING_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7b21"
"""A job that can be cancelled."""
EXAMPLE_IMPORT_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7c30"


class JobRead(Output):
    """A piece of work nobody waits for: poll it until its state is done, failed or cancelled."""

    id: UUID
    kind: Code
    """What is done: ``imports``, ``scoring``."""
    state: JobState
    stage: Annotated[str, line_out(64)] | None
    """The part of the work it is at."""
    done: Count
    """Units of the stage that are finished; what a unit is depends on the kind."""
    total: Count | None
    """Units of the stage; null while unknown."""
    progress_percent: Annotated[float, Field(ge=0, le=100)] | None
    """``done`` of ``total``; null while unknown."""
    result: Annotated[dict[str, Any], Field(max_length=50)] | None
    """What came of it; its members depend on the kind."""
    error: Annotated[str, line_out(1000)] | None
    """Why it failed."""
    href: Annotated[str, line_out(2048)] | None
    """Path of the resource the job makes."""
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class JobPage(PageOf):
    """A page of jobs, newest first."""

    data: Annotated[list[JobRead], Field(max_length=200)]


class JobQuery(Paging):
    """Filters add up: a job must match all of them."""

    kind: Code | None = None
    """Of this kind."""
    state: Annotated[list[JobState], Field(max_length=5)] = Field(default=[], examples=[[]])
    """In one of these states; repeat for more."""
