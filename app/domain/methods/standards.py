"""Description of how far service standards are kept."""

import numpy as np

from app.domain.methods.model import Example, Figures, Method, MethodKind
from app.domain.standards.attainment import Outcomes, attainment


def _attainment(given: Figures) -> Figures:
    taken = np.array(given["taken_seconds"], dtype=np.float64)
    is_done = np.array(given["done"], dtype=np.bool_)
    is_late = taken > given["target_seconds"]
    found = attainment(
        Outcomes(
            is_met=is_done & ~is_late,
            is_broken=is_late,
            is_running=~is_done & ~is_late,
            is_done=is_done,
            taken_seconds=taken,
        )
    )
    return {
        "received": found.received,
        "met": found.met,
        "broken": found.broken,
        "running": found.running,
        "censored": found.censored,
        "share_within": found.share,
        "share_low": found.share_low,
        "share_high": found.share_high,
        "median_seconds": found.median.value,
    }


METHODS = (
    Method(
        code="standard_attainment",
        kind=MethodKind.SERVICE_STANDARD,
        title="Service standards kept",
        formula=(
            "share within = met / received, all that were received; median = first time t at which "
            "the product of (1 - done at t / not done before t) is at most 1/2"
        ),
        source="Median: Kaplan and Meier 1958, log-log interval; share: Wilson 1927",
        documentation="/docs/formulas#service-standards",
        low=0.0,
        high=1.0,
        unit="share",
        example=Example(
            given={
                "target_seconds": 3600,
                "taken_seconds": [600, 1200, 1800, 3600, 5400, 7200, 900, 9000],
                "done": [True, True, True, True, True, True, False, False],
            },
            found={
                "received": 8,
                "met": 4,
                "broken": 3,
                "running": 1,
                "censored": 2,
                "share_within": 0.5,
                "share_low": 0.215216,
                "share_high": 0.784784,
                "median_seconds": 3600.0,
            },
            compute=_attainment,
        ),
        limits=(
            (
                "What is not done yet counts as received and not as kept: a young window looks worse than it "
                "will be, and gets better by itself."
            ),
            (
                "The median takes what is not done yet to go on like the rest; where hard cases wait "
                "longest, it is too short."
            ),
        ),
    ),
)
