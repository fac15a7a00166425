"""What is promised in the course of a complaint, on the wire."""

from pydantic import ConfigDict, Field

from app.schemas.common.base import InstantIn
from app.schemas.promises.promises import GIVEN, PromiseGiven


class ComplaintPromise(PromiseGiven):
    """What is promised to the customer of a complaint, or by the customer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**GIVEN, "calendar": None}]})

    at: InstantIn | None = Field(default=None, examples=["2026-11-23T09:34:00Z"])
    """When it was promised; now by default. Not before the complaint's last step, and not in the future."""

    def given(self) -> PromiseGiven:
        """The promise itself."""
        return PromiseGiven.model_construct(**self.model_dump(exclude={"at"}))
