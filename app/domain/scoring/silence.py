"""Silent customers of a run: who is dormant, who has left by silence, how many are expected to return."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.churn.inputs.sales_feed import Feed
from app.domain.churn.left_by_silence import ReturnShare, SilenceVerdict
from app.domain.churn.levels import LEVELS
from app.domain.common.arrays import BoolArray
from app.domain.customers.customers import ChurnLevel
from app.domain.scoring.run_spec import RunSpec

Row = dict[str, Any]
Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Silence:
    """Aligned with the facts.

    Args:
        verdict: what the closed windows say.
        limit: the silence ratio beyond which customers have left; None: nobody has by silence.
        dormant: whose silence is long, and who has not left.
        left: who is silent beyond the limit.
    """

    verdict: SilenceVerdict
    limit: float | None
    dormant: BoolArray
    left: BoolArray

    @property
    def is_unproved(self) -> bool:
        """Whether the windows prove no limit."""
        return self.verdict.limit is None


def rows(spec: RunSpec, silence: Silence, columns: Columns, q: NDArray[np.float64]) -> Row:
    """Counts, expected returners and return shares of both, and where sales end; members of the report."""
    verdict = silence.verdict
    has_left = columns["churn_level"] == LEVELS.index(ChurnLevel.LEFT)
    left = None if silence.limit is None else verdict.left
    return {
        "dormant": {
            "customers": int(np.count_nonzero(silence.dormant)),
            "expected_to_return": _expected(silence.dormant, q),
            "return_share": _share_row(verdict.dormant_up_to(silence.limit)),
        },
        "left": {
            "customers": int(np.count_nonzero(has_left)),
            "by_event": int(np.count_nonzero(has_left & ~silence.left)),
            "by_silence": int(np.count_nonzero(silence.left)),
            "expected_to_return": _expected(silence.left, q),
            "return_share": _share_row(left),
        },
        "silence_limit": silence.limit,
        **feed_rows(spec.feed),
    }


def feed_rows(feed: Feed) -> Row:
    """Where sales end, and of which sources."""
    return {
        "data_end": None if feed.newest_sale is None else feed.newest_sale.isoformat(),
        "stopped_sources": [
            {"source": source, "newest_sale_on": day.isoformat()} for source, day in feed.sources
        ],
    }


def _expected(chosen: BoolArray, q: NDArray[np.float64]) -> float | None:
    """How many of some customers are expected to buy within the horizon; None when it is not known of all."""
    known = q[chosen]
    return None if np.isnan(known).any() else float((1 - known).sum())


def _share_row(share: ReturnShare | None) -> Row | None:
    return None if share is None or not share.n else share.to_dict()
