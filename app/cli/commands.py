"""What the ``vefa`` command can do."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer
from pydantic import ValidationError
from typer import Abort
from typer._click.exceptions import ClickException, NoArgsIsHelpError

from app.cli import audit, backtest, demo, imports, keys, replay, scoring, serving, webhooks
from app.cli.context import print_error
from app.cli.flag_texts import as_flags
from app.errors import AppError, StartError

app = typer.Typer(
    name="vefa",
    help="Customer retention: who the customers are, who carries the business, and who is leaving.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(keys.app, name="keys")
app.add_typer(audit.app, name="audit")
app.add_typer(imports.app, name="import")
app.add_typer(webhooks.app, name="webhooks")
serving.register(app)
scoring.register(app)
backtest.register(app)
replay.register(app)
demo.register(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vefa {version('vefa')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Customer retention: who the customers are, who carries the business, and who is leaving."""


def run() -> None:
    """Run the command; what is refused is said in one line, with exit status 1, and a command that is not
    written as it must be with 2."""
    try:
        sys.exit(app(prog_name="vefa", standalone_mode=False))
    except NoArgsIsHelpError as shown:
        shown.show()
        sys.exit(shown.exit_code)
    except ClickException as error:
        print_error(_usage(error))
        sys.exit(error.exit_code)
    except Abort:
        print_error("given up")
        sys.exit(1)
    except (AppError, StartError) as error:
        print_error(_sentence(error))
        sys.exit(1)
    except ValidationError as error:
        for part in error.errors(include_input=False):
            name = "_".join(["VEFA", *(str(step).upper() for step in part["loc"])])
            print_error(f"{name}: {part['msg'][:1].lower()}{part['msg'][1:]}")
        sys.exit(1)


def _usage(error: ClickException) -> str:
    """What is wrong with the words of a command, and where its options are listed."""
    said = " ".join(error.format_message().split()).rstrip(".")
    said = said.replace(": Value error, ", ": ").replace(": Input should be", ": it should be")
    context = getattr(error, "ctx", None)
    return f"{said[:1].lower()}{said[1:]}; see {context.command_path if context else 'vefa'} --help"


def _sentence(error: Exception) -> str:
    if not isinstance(error, AppError):
        return str(error)
    parts = [error.detail.format(**error.params) if error.detail else error.code]
    parts += [f"{field.pointer}: {field.detail.format(**field.params)}" for field in error.fields]
    return as_flags(" ".join(parts))
