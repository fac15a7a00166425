"""Records the answers that the documentation shows: ``python -m tests.record_examples``.

The demo of the documentation's day is made and asked each ``request`` of
``app/schemas/common/examples.json``, and its answers are written there; then the OpenAPI document is made of
them. How long a list is shown, which of its elements, and how many decimals of a number stay as they are in
the file: to show more or less, change the file and record again. Times of recording, and ids that every demo
makes for itself, stay too, so that two recordings are the same.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))  # where pytest finds them too

from starlette.testclient import TestClient
from test_readme import rounded_like, same
from typer.testing import CliRunner

from app.cli.commands import app
from app.cli.demo import SECRET, TOKEN
from app.http.openapi.operations import COMMITTED
from app.main import create_app
from app.schemas.common.examples import FILE, recorded
from app.settings import Settings

UNTIL = "2026-11-23"
OF_THE_RECORDING = {"recorded_at", "created_at", "updated_at", "ended_at", "computed_at", "known_on"}
OF_THE_RECORDING |= {"job_id", "actor_id"}
"""Members that say when and by whom the demo was made."""
DECIMALS = 6

Get = Callable[[str], Any]


def answered(get: Get, request: str) -> Any:
    """What the demo answers to a request, or the part of it that a JSON Pointer after ``#`` names."""
    path, _, pointer = request.partition("#")
    part = get(path)
    for step in filter(None, pointer.split("/")):
        part = part[int(step) if isinstance(part, list) else step]
    return part


def refreshed(shown: Any, now: Any) -> Any:
    """What is answered now, shown as before.

    >>> now = {"rate": 0.497131, "n": 4, "tiers": [{"tier": "A", "n": 2}, {"tier": "B", "n": 2}], "new": None}
    >>> refreshed({"n": 3, "rate": 0.52, "tiers": [{"tier": "B", "n": 1}]}, now)
    {'n': 4, 'rate': 0.5, 'tiers': [{'tier': 'B', 'n': 2}], 'new': None}
    """
    if isinstance(shown, dict) and isinstance(now, dict):
        names = [*(name for name in shown if name in now), *(name for name in now if name not in shown)]
        return {
            name: shown[name]
            if name in OF_THE_RECORDING and name in shown
            else refreshed(shown.get(name), now[name])
            for name in names
        }
    if isinstance(shown, list) and isinstance(now, list):
        chosen = _alike(shown, now) if len(shown) < len(now) and shown else now[: max(1, len(shown))]
        return [
            refreshed(one, other) for one, other in zip([*shown, *[None] * len(chosen)], chosen, strict=False)
        ]
    if isinstance(now, float):
        return rounded_like(shown, now) if isinstance(shown, float) else round(now, DECIMALS)
    if isinstance(now, dict):
        return {name: refreshed(None, value) for name, value in now.items()}
    return shown if same(shown, now) else now


def _alike(shown: list[Any], now: list[Any]) -> list[Any]:
    """For each element that is shown the one that is most like it, in the order of the answer."""
    places = {
        min(range(len(now)), key=lambda place: (*_unlike(one, now[place]), abs(place - position)))
        for position, one in enumerate(shown)
    }
    return [now[place] for place in sorted(places)]


def _unlike(one: Any, other: Any) -> tuple[int, float]:
    """In how many words two elements differ, and how far apart their numbers are, as shares of these."""
    if not isinstance(one, dict) or not isinstance(other, dict):
        return (one != other, 0.0)
    words = sum(value != other.get(name) for name, value in one.items() if isinstance(value, str))
    numbers = [(value, other.get(name) or 0) for name, value in one.items() if isinstance(value, int | float)]
    return (words, sum(abs(a - b) / (abs(a) + abs(b)) for a, b in numbers if a or b))


def refreshed_all(get: Get) -> dict[str, dict[str, Any]]:
    """All examples as the demo answers them now."""
    return {
        model: {
            "request": known["request"],
            "answer": refreshed(known["answer"], answered(get, known["request"]))
            if known["request"]
            else known["answer"],
        }
        for model, known in recorded().items()
    }


def main() -> None:
    """Make the demo, ask it, and write the examples and the OpenAPI document."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "demo.db"
        made = CliRunner().invoke(app, ["demo", "--no-serve", "--until", UNTIL, "--file", str(file)])
        if made.exit_code:
            sys.exit(made.output)
        settings = Settings(database_url=f"sqlite:///{file}", secret=SECRET, log_level="WARNING")
        with TestClient(create_app(settings), headers={"Authorization": f"Bearer {TOKEN}"}) as client:
            examples = refreshed_all(lambda path: client.get(path).raise_for_status().json())
    FILE.write_text(json.dumps(examples, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    recorded.cache_clear()
    COMMITTED.write_text(CliRunner().invoke(app, ["openapi"]).stdout, encoding="utf-8")


if __name__ == "__main__":
    main()
