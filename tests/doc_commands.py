"""The commands that a document shows, run as they stand there."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from typer.testing import CliRunner

from app.cli.commands import app

IMPORTING = Path(__file__).parents[1] / "docs" / "importing.md"


def blocks(language: str = "sh", document: Path = IMPORTING) -> list[str]:
    """The code blocks of a document in a language."""
    return re.findall(rf"```{language}\n(.*?)```", document.read_text(), re.DOTALL)


def run(
    block: str, environment: dict[str, str], *more: str, exits: Mapping[int, int] | None = None
) -> Iterator[str]:
    """Run each ``vefa`` line of a block, with ``more`` arguments; what it printed.

    ``exits`` are the exit codes of those that do not end with 0, by number from 0.
    """
    number = 0
    for line in block.strip().splitlines():
        expanded = re.sub(r"\$(\w+)", lambda match: environment[match[1]], line)
        command, *arguments = shlex.split(expanded)
        if command == "export":
            environment.update(argument.split("=", 1) for argument in arguments)
            continue
        assert command == "vefa"
        if arguments[0] in ("score", "backtest"):
            arguments.append("--json")
        result = CliRunner().invoke(app, [*arguments, *more], env=environment)
        assert result.exit_code == (exits or {}).get(number, 0), result.output
        number += 1
        yield result.output
