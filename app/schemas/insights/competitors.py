"""Competitors beside our own figures, on the wire."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.domain.satisfaction.gap import Basis, GapVerdict, NotCorrected, NoVerdict
from app.schemas.common.base import Code, Count, DateIn, Input, Output, line_out
from app.schemas.customers.scores import Points
from app.schemas.insights.satisfaction import IndexCode, IndexFigures, Name, Score
from app.schemas.insights.value_tiers import Window

StandardError = Annotated[float, Field(ge=0, le=1000)]


class CompetitorsQuery(Input):
    """Which index, and the window of our own answers: ``[from, to)``, days of the company's zone."""

    model_config = ConfigDict(validate_by_name=True)

    index: IndexCode = Field(examples=["composite"])
    """Code of the index; ``/v1/insights/methods`` lists them."""
    survey: Code | None = None
    """Code of the survey whose answers count; default all. What several surveys asked for the composite index
    is not averaged: then our own figure has no score (``several_surveys``)."""
    from_: DateIn | None = Field(default=None, alias="from", examples=["2025-11-24"])
    """First day that counts; default 365 days before ``to``."""
    to: DateIn | None = Field(default=None, examples=["2026-11-24"])
    """First day that does not count any more; default tomorrow. Measurements of this day or later are not
    seen."""


class Sure(Output):
    """How sure a figure is."""

    standard_error: StandardError | None
    """In the unit of the index; null when nothing tells it."""
    basis: Basis | None
    """What it is made of: an ``interval``, ``sd_and_n``, ``share_and_n``, or ``n_at_most``, the greatest
    error a net promoter score with this n can have."""


class OwnFigures(IndexFigures, Sure):
    """Our own figure over the window, the same as ``/v1/insights/satisfaction`` tells."""


class CompetitorGap(Output):
    """Our figure minus the competitor's, with its 95 % interval."""

    difference: float | None
    standard_error: StandardError | None
    low: float | None
    high: float | None
    statistic: float | None
    """The difference in standard errors."""
    critical: float | None
    """The statistic's magnitude above which the gap is real, at 95 %."""
    verdict: GapVerdict | None
    """``differs``: more than chance makes of it; ``noise``: not."""
    reason: NoVerdict | None
    """Why there is no verdict."""


class MeasurementShown(Sure):
    """One measurement of a competitor."""

    id: UUID
    value: Score
    n: Annotated[int, Field(ge=1, le=2**31 - 1)] | None
    sd: Annotated[float, Field(ge=0, le=1000)] | None
    low: Score | None
    high: Score | None
    expectation_mean: Points | None
    source: Annotated[str, line_out(200)]
    measured_on: date
    in_window: bool
    """False: it is older than our own answers."""


class CorrectedFigure(Sure):
    """What the competitor's figure would be if its customers expected as much as ours."""

    value: float
    gap: CompetitorGap
    """Against those of our customers who said how much they expect (``adjustment.own``)."""


class CompetitorNow(Output):
    """One competitor beside us."""

    competitor: Annotated[str, line_out(200)]
    latest: MeasurementShown
    gap: CompetitorGap
    """Against the latest measurement."""
    corrected: CorrectedFigure | None
    not_corrected: NotCorrected | None
    """Why it is not corrected: beta is known for the composite index only, and needs 30 responses, all to one
    survey, and the competitor's ``expectation_mean``."""


class CompetitorStanding(CompetitorNow):
    """One competitor beside us, with its past."""

    history: Annotated[list[MeasurementShown], Field(max_length=1_000_000)]
    """All measurements before the end of the window, newest first."""


class CompetitorAdjustment(Output):
    """How satisfaction goes with expectation among our own customers in the window."""

    beta: float
    """Points of satisfaction for a point of expectation; 0 when it cannot be told (``is_unadjusted``)."""
    beta_error: Annotated[float, Field(ge=0)] | None
    """Its standard error."""
    expectation_mean: Points | None
    reference_n: Count
    is_unadjusted: bool
    own: OwnFigures
    """Our expectation-adjusted satisfaction."""


class CompetitorsRead(Output):
    """Our own figure of a window beside those of competitors: how far we are apart, and whether that is more
    than chance."""

    index: IndexCode
    name: Annotated[str, line_out(100)]
    unit: Name
    range_low: Score | None
    range_high: Score | None
    documentation: Annotated[str, line_out(200)]
    """Where the formula is explained, on this server: ``/docs/formulas#csat``."""
    window: Window
    own: OwnFigures
    adjustment: CompetitorAdjustment | None
    """Null for other indices than the composite one."""
    competitors: Annotated[list[CompetitorStanding], Field(max_length=1_000_000)]
    """By their latest measurement, best first."""
