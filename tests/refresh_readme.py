"""Puts into the README what the demo answers now: ``python -m tests.refresh_readme``.

What is shown and what is left out stays as it is. Values are replaced one by one, numbers with as many
decimals as they are shown with. Printed: what is shown but no longer answered, to be mended by hand.
"""

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))  # where pytest finds them too

from starlette.testclient import TestClient
from test_readme import EXAMPLES, README, RECORDED, differences, request_of, rounded_like, same, shown_of
from typer.testing import CliRunner

from app.cli.commands import app
from app.cli.demo import SECRET
from app.main import create_app
from app.settings import Settings

UNTIL = "2026-11-23"
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\.\.\.|[{}\[\],:]|[^\s{}\[\],:"]+')


def refreshed(text: str, answered: Any) -> str:
    """An answer as it is shown, with the values of another answer.

    >>> refreshed('{"n": 3, "rates": [0.52, ...], ...}', {"n": 4, "rates": [0.49713, 1.0], "x": 1})
    '{"n": 4, "rates": [0.5, ...], ...}'
    """
    parts, done = [], 0
    for start, end, path in _values(text):
        shown, now = json.loads(text[start:end]), _at(answered, path)
        if path[-1] in RECORDED or isinstance(now, dict | list) or now is _NOTHING or same(shown, now):
            continue
        if isinstance(shown, float) and isinstance(now, float):
            now = rounded_like(shown, now)
        parts += [text[done:start], json.dumps(now, ensure_ascii=False)]
        done = end
    return "".join([*parts, text[done:]])


_NOTHING = object()


def _at(answered: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        try:
            answered = answered[step]
        except (KeyError, IndexError, TypeError):
            return _NOTHING
    return answered


def _values(text: str) -> Iterator[tuple[int, int, tuple[str | int, ...]]]:
    """Where each single value of an answer stands, and the members and elements that lead to it."""
    path: list[str | int] = []
    tokens = [*_TOKEN.finditer(text)]
    for position, token in enumerate(tokens):
        if token[0] in "{[":
            path.append("" if token[0] == "{" else 0)
        elif token[0] in "}]":
            path.pop()
        elif token[0] == ",":
            if isinstance(path[-1], int):
                path[-1] += 1
        elif token[0][0] == '"' and tokens[position + 1 : position + 2] and tokens[position + 1][0] == ":":
            path[-1] = json.loads(token[0])
        elif token[0] not in (":", "..."):
            yield token.start(), token.end(), tuple(path)


def main() -> None:
    """Make the demo, ask it what the README asks, and write the README."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "demo.db"
        made = CliRunner().invoke(app, ["demo", "--no-serve", "--until", UNTIL, "--file", str(file)])
        if made.exit_code:
            sys.exit(made.output)
        readme = README
        settings = Settings(database_url=f"sqlite:///{file}", secret=SECRET, log_level="WARNING")
        with TestClient(create_app(settings), base_url="http://localhost:8000") as client:
            for command, text in EXAMPLES:
                answered = client.request(**request_of(command)).json()
                new = refreshed(text, answered)
                readme = readme.replace(text, new)
                for left in differences(shown_of(new), answered):
                    print(f"{command}: {left}")
    (Path(__file__).parents[1] / "README.md").write_text(readme, encoding="utf-8")


if __name__ == "__main__":
    main()
