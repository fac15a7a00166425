"""Measurements of competitors on the wire."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.common.base import (
    UNSET,
    DateIn,
    DayIn,
    ExternalKey,
    Input,
    InstantIn,
    Output,
    PageOf,
    Paging,
    Version,
    line,
    line_out,
)
from app.schemas.common.batches import COUNTED, KEPT, BatchItem
from app.schemas.customers.scores import Points
from app.schemas.insights.satisfaction import IndexCode, Score

EXAMPLE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7d10"
EXAMPLE_TO_REMOVE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7d11"

Competitor = Annotated[str, line(200), Field(examples=["Ev Dünyası"])]
Source = Annotated[str, line(200), Field(examples=["Home retail panel, autumn 2026"])]
SampleSize = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
FigureIn = Annotated[float, Field(strict=True, ge=-1000, le=1000)]
PointsIn = Annotated[float, Field(strict=True, ge=0, le=100)]
Spread = Annotated[float, Field(strict=True, gt=0, le=1000)]

_EXAMPLE: dict[str, Any] = {
    "competitor": "Ev Dünyası",
    "index": "composite",
    "value": 73.4,
    "n": 412,
    "sd": 17.5,
    "low": None,
    "high": None,
    "expectation_mean": 68.2,
    "source": "Home retail panel, autumn 2026",
    "measured_on": "2026-10-15",
}


class _Figures(Input):
    """What is not always known of a measurement."""

    n: SampleSize | None = Field(default=None, examples=[412])
    """How many answered."""
    sd: Spread | None = Field(default=None, examples=[17.5])
    """Standard deviation of one answer, in the unit of the index."""
    low: FigureIn | None = Field(default=None, examples=[None])
    """Lower end of the 95 % interval; goes with ``high``."""
    high: FigureIn | None = Field(default=None, examples=[None])
    expectation_mean: PointsIn | None = Field(default=None, examples=[68.2])
    """How much the competitor's customers expect, in points of 0 to 100 on the same questions as ours."""


class CompetitorMeasurementCreate(_Figures):
    """What a study found of a competitor for one index."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_EXAMPLE, "value": 74.0, "external_id": "HRP-2026-3-EV"}]}
    )

    source: Source
    """The study it is read from."""
    external_id: ExternalKey | None = Field(default=None, examples=["HRP-2026-2-EV"])
    """The measurement's key there; unique per source, so that nothing is recorded twice."""
    competitor: Competitor
    """Whose customers were asked. Letter case and accents do not matter."""
    index: IndexCode = Field(examples=["composite"])
    """Code of the index; ``/v1/insights/methods`` lists them."""
    value: FigureIn = Field(examples=[73.4])
    """In the unit of the index and within its range: a share of 0 to 1 for ``csat``."""
    measured_on: DateIn
    """Day of the measurement, its last if it took several; not in the future."""


class CompetitorMeasurementUpdate(_Figures):
    """A merge patch (RFC 7396): absent members stay, null clears. Source and external id stay."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"n": 415, "sd": 17.3}]})

    competitor: Competitor = Field(default=UNSET)
    index: IndexCode = Field(default=UNSET, examples=["composite"])
    value: FigureIn = Field(default=UNSET, examples=[73.4])
    measured_on: DateIn = Field(default=UNSET)


class CompetitorMeasurementRead(Output):
    """What a study found of a competitor for one index."""

    id: UUID
    version: Version
    source: Annotated[str, line_out(200)]
    external_id: Annotated[str, line_out(200)] | None
    competitor: Annotated[str, line_out(200)]
    index: IndexCode
    value: Score
    """In the unit of the index."""
    n: Annotated[int, Field(ge=1, le=2**31 - 1)] | None
    sd: Annotated[float, Field(ge=0, le=1000)] | None
    low: Score | None
    high: Score | None
    expectation_mean: Points | None
    measured_on: date
    recorded_at: datetime
    updated_at: datetime


class CompetitorMeasurementPage(PageOf):
    """A page of measurements."""

    data: Annotated[list[CompetitorMeasurementRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class CompetitorMeasurementSort(StrEnum):
    """Order of the list; ``-`` is newest first."""

    NEWEST = "-measured_on"
    OLDEST = "measured_on"
    UPDATED_AT = "updated_at"


class CompetitorMeasurementQuery(Paging):
    """Filters add up: a measurement must match all of them."""

    sort: CompetitorMeasurementSort = CompetitorMeasurementSort.NEWEST
    """Newest or oldest first, or in the order of their last change."""
    competitor: Competitor | None = None
    """Of this competitor; letter case and accents do not matter."""
    index: IndexCode | None = Field(default=None, examples=["composite"])
    """Of this index."""
    source: Source | None = None
    """From this source."""
    external_id: ExternalKey | None = Field(default=None, examples=["HRP-2026-2-EV"])
    """With this key at its source."""
    measured_from: DateIn | None = Field(default=None, examples=["2025-11-24"])
    """Only measurements of this day or later."""
    measured_before: DayIn | None = None
    """Only measurements of days before this one."""
    updated_after: InstantIn | None = None
    """Only measurements recorded or changed after this instant."""


class CompetitorMeasurementBatch(Input):
    """Measurements to record together."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {**_EXAMPLE, "external_id": "HRP-2026-3-YP", "competitor": "Yuva Pazarı"},
                        {**_EXAMPLE, "external_id": "HRP-2026-3-MM", "competitor": "Mənim Mənzilim"},
                    ]
                }
            ]
        }
    )

    items: Annotated[
        list[Annotated[CompetitorMeasurementCreate, KEPT]], Field(min_length=1, max_length=1000), COUNTED
    ]


class CompetitorMeasurementBatchItem(BatchItem):
    """What became of one measurement of a batch."""

    measurement: CompetitorMeasurementRead | None


class CompetitorMeasurementBatchResult(Output):
    """What became of each measurement, in the order of the request."""

    data: Annotated[list[CompetitorMeasurementBatchItem], Field(max_length=1000)]
