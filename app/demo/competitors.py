"""What two invented panels say of invented competitors of the demo company. Model: docs/demo.md, step 16."""

import re
from datetime import date
from typing import Any, Final

PANEL, RANKING = "Home retail panel", "Ev alışverişi endeksi 2026"


def _found(
    source: str, key: str, competitor: str, index: str, value: float, on: str, **more: Any
) -> dict[str, Any]:
    return {
        "source": source,
        "external_id": key,
        "competitor": competitor,
        "index": index,
        "value": value,
        "measured_on": on,
        **more,
    }


MEASUREMENTS: Final[tuple[dict[str, Any], ...]] = (
    _found(
        f"{PANEL}, spring 2026",
        "HRP-2026-1-EV",
        "Ev Dünyası",
        "composite",
        72.6,
        "2026-04-20",
        n=398,
        sd=17.9,
        expectation_mean=68.0,
    ),
    _found(
        f"{PANEL}, spring 2026",
        "HRP-2026-1-YP",
        "Yuva Pazarı",
        "composite",
        78.3,
        "2026-04-20",
        n=344,
        sd=15.2,
        expectation_mean=75.6,
    ),
    _found(
        f"{PANEL}, autumn 2026",
        "HRP-2026-2-YP",
        "Yuva Pazarı",
        "composite",
        79.1,
        "2026-10-15",
        n=351,
        sd=15.4,
        expectation_mean=76.0,
    ),
    _found(
        f"{PANEL}, autumn 2026",
        "HRP-2026-2-MM",
        "Mənim Mənzilim",
        "composite",
        71.0,
        "2026-10-15",
    ),
    _found(RANKING, "EAE-1", "Ev Dünyası", "nps", 12.0, "2026-06-30", n=500),
    _found(RANKING, "EAE-2", "Yuva Pazarı", "nps", 9.0, "2026-06-30", low=1.5, high=16.5),
    _found(RANKING, "EAE-3", "Ev Dünyası", "csat", 0.52, "2026-06-30", n=500),
    _found(RANKING, "EAE-4", "Yuva Pazarı", "csat", 0.47, "2026-06-30", n=480),
)
"""Members of ``POST /v1/competitor-measurements``, in the year of the documentation. The one that the
documentation shows comes with its examples."""

_LAST_ON: Final = date(2026, 10, 15)
_YEAR: Final = re.compile(r"\b2026\b")


def measurements(until: date) -> list[dict[str, Any]]:
    """What the panels have said by the end of a day: their latest whole year of measurements."""
    return [years_moved(found, until) for found in MEASUREMENTS]


def years_moved(found: dict[str, Any], until: date) -> dict[str, Any]:
    """A measurement of 2026 in the latest year whose measurements all were taken by ``until``.

    >>> found = {"source": "Home retail panel, autumn 2026", "measured_on": "2026-10-15"}
    >>> years_moved(found, date(2028, 2, 29))
    {'source': 'Home retail panel, autumn 2027', 'measured_on': '2027-10-15'}
    """
    year = until.year - ((until.month, until.day) < (_LAST_ON.month, _LAST_ON.day))
    return {
        **found,
        **{name: _YEAR.sub(str(year), found[name]) for name in ("source", "external_id") if name in found},
        "measured_on": f"{year}{found['measured_on'][4:]}",
    }
