"""Can the numbers be trusted? Simulated answers and customers of whom the truth is known, by seeds of their
own, and two real shops.

    .venv/bin/python -m benchmarks.trust [--seed 7001] [--part totals left]

All parts, or some, in one table: each goal, what was found, and how many cases it rests on. Goals that are
missed are marked. A further part is a function from a generator of random numbers to rows, in a file of its
own, and an entry in `PARTS`, at its end: its place is part of its seed. Real shops are read from the folder
that ``VEFA_REFERENCE_DATA`` names; without it their rows are left out.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from benchmarks.trust import left, rhythm, season, totals, verdicts
from benchmarks.trust.goals import Random, Row

PARTS: Mapping[str, Callable[[Random], Iterator[Row]]] = {
    "lists": verdicts.lists,
    "trends": verdicts.trends,
    "ces": verdicts.ces,
    "calibrated": verdicts.calibrated,
    "rhythm": rhythm.rows,
    "season": season.rows,
    "totals": totals.rows,
    "left": left.rows,
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7001)
    parser.add_argument("--part", nargs="*", choices=[*PARTS], default=[*PARTS])
    asked = parser.parse_args()
    began = time.perf_counter()
    print("| goal | wanted | found | n each |")
    print("|---|---|---|---|")
    for place, (name, rows) in enumerate(PARTS.items()):
        if name not in asked.part:
            continue
        for row in rows(np.random.default_rng([asked.seed, place])):
            sign = "≥" if row.at_least else "≤"
            wanted = "" if row.limit is None else f"{sign} {row.limit:.{row.digits}f}"
            missed = " (missed)" if row.is_missed else ""
            print(f"| {row.goal} | {wanted} | {row.found:.{row.digits}f}{missed} | {row.n:,} |", flush=True)
    print(f"\n{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
