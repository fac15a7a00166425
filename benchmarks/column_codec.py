"""What a run's columns cost to pack and unpack: our codec beside Blosc2, which is no dependency of Vefa's.

    pip install blosc2==4.14.1 && python -m benchmarks.column_codec [customers]

Columns are made up by their entries in the registry: ids in order, days of two years, counts, heavy-tailed
amounts, few answers. Packed in parts as runs are; CPU time, best of five, one thread each.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from app.domain.scoring.score_columns import SCORE_COLUMNS, ScoreColumn, equal
from app.store.scoring.run_results import PART_ROWS
from app.store.sql import column_codec
from app.store.sql.column_codec import Columns

WANTED = {"customer_id", "tier", "churn_level"}


def column_of(entry: ScoreColumn, size: int, dice: np.random.Generator) -> np.ndarray:
    """Values as they are distributed in a shop whose customers seldom answer or complain."""
    kind, name = np.dtype(entry.dtype), entry.name
    if name.startswith(("contract", "left", "foreign")):
        return np.full(size, entry.absent, dtype=kind)
    if kind.kind == "U":
        return dice.choice(np.array(["A", "B", "C"]), size, p=[0.2, 0.3, 0.5]).astype(kind)
    made: Any = np.round(100 * dice.random(size), 1) if kind.kind == "f" else dice.poisson(3, size)
    if name.endswith("_minor"):
        made = dice.lognormal(10, 1.5, size)
    elif name.endswith("_day"):
        made = 20_000 + dice.integers(0, 730, size)
    elif name.endswith("_micros"):
        made = 1_750_000_000_000_000 + dice.integers(0, 63 * 10**12, size)
    elif name.endswith("percent"):
        made = dice.integers(0, 101, size)
    elif entry.labels:
        made = dice.integers(-1, len(entry.labels), size)
    is_rare = entry.group in ("satisfaction", "quadrant") or "score" in name or "complaint" in name
    return np.where(dice.random(size) < (0.1 if is_rare else 1.0), made, entry.absent).astype(kind)


def blosc() -> tuple[Callable[[Columns], bytes], Callable[..., Columns]]:
    """The same layout with Blosc2 in place of narrower numbers and turned bytes."""
    import blosc2

    blosc2.set_nthreads(1)
    settings: Any = {"codec": blosc2.Codec.ZSTD, "clevel": 1, "filters": [blosc2.Filter.SHUFFLE]}

    def pack(columns: Columns) -> bytes:
        described, parts = [], []
        for name, column in columns.items():
            parts.append(blosc2.compress2(column, typesize=column.itemsize, **settings))
            described.append([name, column.dtype.str, len(parts[-1])])
        return b"\n".join([json.dumps(described).encode(), b"".join(parts)])

    def unpack(packed: Iterable[bytes], names: set[str] | None = None) -> Columns:
        pieces: dict[str, list[np.ndarray]] = {}
        for data in packed:
            start = data.index(b"\n") + 1
            for name, dtype, length in json.loads(data[:start]):
                if names is None or name in names:
                    raw = blosc2.decompress2(data[start : start + length])
                    pieces.setdefault(name, []).append(np.frombuffer(raw, dtype=dtype))
                start += length
        return {name: np.concatenate(found) for name, found in pieces.items()}

    return pack, unpack


def best(work: Callable[[], Any]) -> float:
    """The least CPU time of five rounds, in milliseconds: other load hardly shows in it."""
    times = []
    for _ in range(5):
        began = time.process_time()
        work()
        times.append(1_000 * (time.process_time() - began))
    return min(times)


def main(size: int) -> None:
    """Print a row for each codec."""
    dice = np.random.default_rng(1)
    ids = np.sort(np.frombuffer(dice.bytes(16 * size), dtype="S16"))
    columns = {"customer_id": ids, **{one.name: column_of(one, size, dice) for one in SCORE_COLUMNS}}
    places = range(0, size, PART_ROWS)
    parts = [{name: column[at : at + PART_ROWS] for name, column in columns.items()} for at in places]
    codecs = {"ours": (column_codec.pack, column_codec.unpack), "Blosc2": blosc()}
    for name, (pack, unpack) in codecs.items():
        packed = [pack(part) for part in parts]
        assert all(equal(column, columns[one]).all() for one, column in unpack(packed).items())
        times = [best(lambda: [pack(part) for part in parts]), best(lambda: unpack(packed))]  # noqa: B023
        times.append(best(lambda: unpack(packed, WANTED)))  # noqa: B023
        millions = sum(map(len, packed)) / 1e6
        print(f"{name:6}", *(f"{took:7,.0f} ms" for took in times), f"{millions:7.1f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
