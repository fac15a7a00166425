"""Imports of interactions, complaints and responses: rows/s, and how long each batch keeps the database.

    python -m benchmarks.record_imports                # SQLite, and PostgreSQL from PyPI
    python -m benchmarks.record_imports --rows 50000

Every row names one of 1,000 customers, who are created by the way; a response answers five questions. A batch
is one write: on SQLite other writers wait as long.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from app.domain.imports.mapping import Mapping
from app.domain.imports.states import ImportState
from app.jobs.imports import run as work
from app.jobs.imports.file_layout import digest
from app.schemas.surveys.surveys import SurveyCreate
from app.services.imports import batches, imports
from app.services.surveys import surveys
from app.settings import Settings
from app.store import schema
from app.store.engine import Store
from benchmarks.imports import ACTOR, postgres

QUESTIONS = [f"q{number}" for number in range(5)]
KEYS = {"external_id": "id", "customer_key": "who"}
COLUMNS: dict[str, dict[str, str]] = {
    "interactions": {
        **KEYS,
        "started_at": "day,time",
        "channel": "=phone",
        "direction": "=inbound",
        "talk_seconds": "n",
    },
    "complaints": {**KEYS, "received_at": "day,time", "subject": "about", "resolved_at": "day,time"},
    "responses": {
        **KEYS,
        "answered_at": "day,time",
        "survey": "=bench",
        "survey_version": "=1",
        **{f"answer.{code}": "n" for code in QUESTIONS},
    },
}


def lines(count: int) -> bytes:
    """A file that fits every kind."""
    rows = (
        f"R{n},C{n % 1000},2026-0{n % 9 + 1}-{n % 27 + 1:02d},{n % 24:02d}:{n % 60:02d},{n % 10}.0,Late again"
        for n in range(count)
    )
    return "\n".join(["id,who,day,time,n,about", *rows, ""]).encode()


def survey() -> SurveyCreate:
    """Five ratings."""
    scale, texts = {"min": 0, "max": 10}, {"en": "How?"}
    asked = [{"code": code, "kind": "rating", "scale": scale, "texts": texts} for code in QUESTIONS]
    return SurveyCreate.model_validate({"code": "bench", "names": {"en": "Bench"}, "questions": asked})


def measure(name: str, settings: Settings, file: bytes) -> None:
    """Take the file in as each kind and print the figures."""
    schema.upgrade(settings)
    store = Store(settings)
    store.write_sync(surveys.create, ACTOR, survey())
    held: list[float] = []
    plain = batches.store

    def timed(*arguments: Any) -> Any:
        began = time.perf_counter()
        row = plain(*arguments)
        held.append(time.perf_counter() - began)
        return row

    work.import_batches.store = timed  # type: ignore[attr-defined]
    for kind, columns in COLUMNS.items():
        mapping = Mapping.from_dict(
            {"kind": kind, "columns": columns, "create_missing": True, "source": kind}
        )
        for turn in ("first", "again"):
            held.clear()
            begun = store.write_sync(
                imports.begin,
                ACTOR,
                mapping,
                state=ImportState.RUNNING,
                sha256=digest(file),
                size=len(file),
            )
            began = time.perf_counter()
            row = work.run(store, ACTOR, begun["id"], file, lambda _row, _bytes: None)
            took = time.perf_counter() - began
            assert row["rows_refused"] == 0, row
            middle, longest = sorted(held)[len(held) // 2], max(held)
            rate = row["rows_in"] / took
            print(
                f"{name:10} {kind:12} {turn:5} {rate:>8,.0f} rows/s,"
                f" a batch {middle * 1e3:.0f} ms (median), {longest * 1e3:.0f} ms (longest)",
                flush=True,
            )
    batches.store = plain
    store.close_sync()


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="Imports of records.")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--postgres", help="URL of an empty PostgreSQL database")
    options: Any = parser.parse_args()
    file = lines(options.rows)
    with tempfile.TemporaryDirectory(prefix="vefa-bench-") as folder:
        measure("SQLite", Settings(database_url=f"sqlite:///{folder}/bench.db"), file)
        with postgres(options.postgres, Path(folder)) as url:
            measure("PostgreSQL", Settings(database_url=url), file)


if __name__ == "__main__":
    main()
