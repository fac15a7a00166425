"""Methods by which figures are made, on the wire."""

from typing import Annotated, Any

from pydantic import Field

from app.domain.methods import MethodKind
from app.schemas.common.base import Code, Output, line_out

Figures = Annotated[dict[str, Any], Field(max_length=40)]

_EXAMPLE: dict[str, Any] = {
    "code": "csat",
    "kind": "index",
    "name": "Customer satisfaction score",
    "formula": "answers in the top two steps (1-5: 4 and above, 1-7: 6, 1-10: 9) / valid answers; Wilson "
    "95 %",
    "source": "Interval: Wilson 1927",
    "documentation": "/docs/formulas#csat",
    "range_low": 0.0,
    "range_high": 1.0,
    "unit": "share",
}


class MethodListed(Output):
    """A method by which figures are made. Its name follows Accept-Language."""

    code: Code
    kind: MethodKind
    name: Annotated[str, line_out(200)]
    formula: Annotated[str, line_out(1000)]
    source: Annotated[str, line_out(500)]
    documentation: Annotated[str, line_out(200)]
    """Where the formula is explained, on this server: ``/docs/formulas#csat``."""
    range_low: float | None
    """Least value; null when there is none."""
    range_high: float | None
    unit: Code


class MethodsRead(Output):
    """Every index, the comparison with competitors, the value tiers, profit, and what churn flags are made
    of."""

    data: Annotated[list[MethodListed], Field(max_length=200)]


class WorkedExample(Output):
    """A worked example of the method, which a test of Vefa computes."""

    given: Figures
    """What goes in; its members depend on the method."""
    found: Figures
    """What comes out, to four decimals or more."""


class MethodRead(MethodListed):
    """A method with a worked example and what to bear in mind. Name and limits follow Accept-Language."""

    example: WorkedExample
    limits: Annotated[list[Annotated[str, line_out(500)]], Field(max_length=10)]
    """What to bear in mind."""
