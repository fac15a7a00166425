"""Codes and names of people on the wire."""

from typing import Annotated

from pydantic import Field

from app.schemas.common.base import Language, line, line_out

MAX_NAMES = 20

AgentCode = Annotated[str, line(100), Field(examples=["ayse.k"])]
"""As interactions and complaints name agents, so that their history is found."""
AgentCodeOut = Annotated[str, line_out(100)]
UnitCode = Annotated[str, line(64), Field(examples=["izmir"])]
UnitCodeOut = Annotated[str, line_out(64)]
RoleCode = Annotated[str, line(64), Field(examples=["clerk"])]
RoleCodeOut = Annotated[str, line_out(64)]


Names = Annotated[dict[Language, Annotated[str, line(100)]], Field(min_length=1, max_length=MAX_NAMES)]
"""What people read, by language."""
NamesOut = Annotated[dict[Language, Annotated[str, line_out(100)]], Field(max_length=MAX_NAMES)]
