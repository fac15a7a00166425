"""Value tiers of a million customers, after loading: every function a run calls, on one core.

    .venv/bin/python -m benchmarks.value_tiers [--customers 1000000]

Values are drawn from a heavy-tailed distribution with refunds; best, median and worst time of five.
"""

import argparse
import statistics
import time

import numpy as np

from app.domain.value import next_tier, value_tiers


def tiers(values: np.ndarray) -> value_tiers.Summary:
    """What `services.value_tiers.compute` does with the values."""
    ranked = value_tiers.rank(values)
    value_tiers.assign(ranked)
    found = value_tiers.summary(ranked)
    next_tier.next_tier_steps(ranked)
    value_tiers.near_threshold(ranked, found.cut_a, found.cut_b)
    return found


def main() -> None:
    """Print the seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    options = parser.parse_args()
    random = np.random.default_rng(7)
    values = (random.lognormal(9, 1.6, options.customers)).astype(np.int64)
    values[random.random(options.customers) < 0.01] *= -1
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        found = tiers(values)
        seconds.append(time.perf_counter() - began)
    print(
        f"{options.customers:,} customers: best {min(seconds):.2f} s, "
        f"median {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s; "
        f"top 20 % hold {found.top20_share:.3f}"
    )


if __name__ == "__main__":
    main()
