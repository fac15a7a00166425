"""Description of how far promises are kept."""

from app.domain.methods.model import Example, Figures, Method, MethodKind
from app.domain.promises.keeping import Outcomes, kept_rate


def _kept(given: Figures) -> Figures:
    outcomes = Outcomes(
        on_time=given["on_time"],
        late=given["late"],
        overdue=given["overdue"],
        cancelled_by_promiser=given["cancelled_by_us"],
        cancelled_by_other=given["cancelled_by_customer"],
    )
    rate = kept_rate(outcomes)
    return {
        "due": outcomes.due,
        "counted": outcomes.counted,
        "kept_rate": rate.share,
        "kept_low": rate.low,
        "kept_high": rate.high,
    }


METHODS = (
    Method(
        code="kept_promises",
        kind=MethodKind.SERVICE_STANDARD,
        title="Promises kept",
        formula=(
            "kept rate = kept on time / (kept on time + late + overdue + cancelled by who promised); what "
            "the other side cancelled before it was due is not counted"
        ),
        source="Interval: Wilson 1927; agents and units drawn toward the mean as shrunk scores",
        documentation="/docs/formulas#promises",
        low=0.0,
        high=1.0,
        unit="share",
        example=Example(
            given={
                "on_time": 14,
                "late": 3,
                "overdue": 1,
                "cancelled_by_us": 1,
                "cancelled_by_customer": 1,
            },
            found={
                "due": 20,
                "counted": 19,
                "kept_rate": 0.736842,
                "kept_low": 0.512084,
                "kept_high": 0.881936,
            },
            compute=_kept,
        ),
        limits=(
            (
                "Only what was recorded is counted: promises that nobody writes down are kept or broken "
                "unseen, and who promises little keeps much."
            ),
        ),
    ),
)
