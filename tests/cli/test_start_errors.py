"""A command that cannot start says why in one line, and what to do; never a traceback."""

import os
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from app.cli import commands
from app.cli.context import reaching
from app.domain.common import secret_strength
from app.errors import StartError
from app.settings import Settings
from app.store import dialects, schema

Refusal = Callable[..., str]


@pytest.fixture
def refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refusal:
    """Run a command; the one line that it refuses with."""

    def run(*arguments: str, **settings: str) -> str:
        monkeypatch.setenv("VEFA_SECRET", "a-secret-of-the-tests-with-40-CHARACTERS")
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["vefa", *arguments])
        with pytest.raises(SystemExit) as ended:
            commands.run()
        [line] = capsys.readouterr().err.splitlines()
        assert ended.value.code == (2 if "--help" in line else 1)
        return line

    return run


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("VEFA_DATABASE_URL", "mysql://root@db/vefa", "expected sqlite:///FILE or postgresql://"),
        ("VEFA_DATABASE_URL", "vefa.db", "expected sqlite:///FILE or postgresql://"),
        ("VEFA_DATABASE_URL", "sqlite://", "expected sqlite:///FILE or postgresql://"),
        ("VEFA_DATABASE_URL", "", "expected sqlite:///FILE or postgresql://"),
        ("VEFA_LOG_LEVEL", "verbose", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("VEFA_TIME_ZONE", "GMT+3 Istanbul", "expected an IANA time zone, as Europe/Istanbul"),
        ("VEFA_REPORTING_CURRENCY", "Lira", "expected an ISO 4217 code, as TRY"),
        ("VEFA_PHONE_REGIONS", "Turkey", "expected ISO 3166 codes of countries, as TR,AZ"),
        ("VEFA_PHONE_REGIONS", "[TR]", "expected a list with commas"),
        ("VEFA_RATE_LIMIT", "fast", "expected a number for a period, as 6000/minute"),
        ("VEFA_POOL_SIZE", "many", "valid integer"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_expected(
    refusal: Refusal, name: str, value: str, advice: str
) -> None:
    line = refusal("migrate", **{name: value})
    assert line.startswith(f"error: {name}: ")
    assert advice in line


HEX_OF_14 = "99bd0ac3e5c41ffb0ba2c3a04ceb1fd25a1b49e17dbe2bc40f9da39d3dd0b5ac"
"""Random, and one in four random ones are like it: it is refused for what cannot be told from it."""


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("", "is not set"),
        ("x" * 40, "has fewer than 16 different characters"),
        ("0123456789abcde" * 4, "has fewer than 16 different characters"),
        ("0123456789a" * 6, "has fewer than 16 different characters"),
        (HEX_OF_14, "has fewer than 16 different characters"),
        ("0123456789abcdef" * 4, "repeats itself"),
        ("Gq7vR2mZpX9cLwT4bYsK" * 2, "repeats itself"),
        ("abcdefghijklmnopqrstuvwxyz0123456789", "goes through the alphabet"),
        ("zyxwvutsrqponmlkjihgfedcba9876543210", "goes through the alphabet"),
        ("Gq7vR2mZpX9cLwT4bYsK8dNhJ3fUeA6", "has fewer than 32 characters"),
        (" " * 40, "has blanks"),
        ("Gq7vR2mZpX9cLwT4bYsK8dNhJ3fUeA6i\n", "has blanks"),
        ("correct horse battery staple, and a few more words", "has blanks"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_secret_that_can_be_guessed(
    refusal: Refusal, tmp_path: Path, command: str, secret: str, reason: str
) -> None:
    url = f"sqlite:///{tmp_path}/vefa.db"
    schema.upgrade(Settings(database_url=url))
    line = refusal(command, VEFA_DATABASE_URL=url, VEFA_SECRET=secret)
    assert line == f"error: VEFA_SECRET {reason}. {MAKE_ONE}"


@pytest.mark.parametrize(
    "secret",
    [
        "Gq7vR2mZpX9cLwT4bYsK8dNhJ3fUeA6i",
        "SKZJl2oXw+9Lf3/Ky1oQmR7dLrV0xgJ0cOkCqkWm0nI=",
        "99bd0ac3e5c41ffb0ba2c3a04ceb1fd25a1b49e17dbe2bc40f9da39d3dd0b586",  # of 64 digits, all 16
    ],
)
def test_a_random_secret(secret: str) -> None:
    assert secret_strength.refusal(secret) is None


MAKE_ONE = "Make one, and keep it: export VEFA_SECRET=$(openssl rand -base64 48)"


@pytest.mark.parametrize("command", [("migrate",), ("keys", "list"), ("serve",)])
def test_a_file_in_no_folder(refusal: Refusal, tmp_path: Path, command: tuple[str, ...]) -> None:
    line = refusal(*command, VEFA_DATABASE_URL=f"sqlite:///{tmp_path}/none/vefa.db")
    assert f"There is no folder {tmp_path}/none: make it" in line


@pytest.mark.parametrize("command", [("migrate",), ("keys", "list"), ("serve",)])
def test_a_folder_instead_of_a_file(refusal: Refusal, tmp_path: Path, command: tuple[str, ...]) -> None:
    assert f"{tmp_path} is a folder" in refusal(*command, VEFA_DATABASE_URL=f"sqlite:///{tmp_path}")


@pytest.mark.parametrize("command", [("migrate",), ("keys", "list"), ("serve",)])
def test_a_file_that_is_no_database(refusal: Refusal, tmp_path: Path, command: tuple[str, ...]) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Not a database. " * 100)
    assert "is not a database of Vefa" in refusal(*command, VEFA_DATABASE_URL=f"sqlite:///{path}")


def test_a_file_that_may_only_be_read(
    tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "vefa.db"
    path.write_bytes(sqlite_template.read_bytes())
    monkeypatch.setattr(os, "access", lambda needed, _mode: needed != path)  # root may write everything
    settings = Settings(database_url=f"sqlite:///{path}")
    with pytest.raises(StartError, match="may not be written by this user"), reaching(settings):
        schema.upgrade(settings)


@pytest.mark.parametrize("command", [("migrate",), ("keys", "list"), ("serve",), ("worker",)])
def test_a_server_that_does_not_answer_is_named_without_its_password(
    refusal: Refusal, command: tuple[str, ...]
) -> None:
    line = refusal(*command, VEFA_DATABASE_URL="postgresql://vefa:hunter2@127.0.0.1:1/shop")
    assert "PostgreSQL does not answer at 127.0.0.1:1, database shop" in line
    assert "hunter2" not in line


def test_an_unknown_revision(refusal: Refusal, tmp_path: Path) -> None:
    assert "--to" in refusal("migrate", "--to", "9999", VEFA_DATABASE_URL=f"sqlite:///{tmp_path}/vefa.db")


@pytest.fixture(params=["0001", "0020", "0099_later"])
def unknown_revision(request: pytest.FixtureRequest, database_url: str) -> Iterator[str]:
    """A revision of before the first release, or of a newer program, at which the database stands."""
    engine = dialects.migration_engine(Settings(database_url=database_url))
    stands_at = text("UPDATE alembic_version SET version_num = :revision")
    with engine.begin() as tx:
        tx.execute(stands_at, {"revision": request.param})
    yield request.param
    with engine.begin() as tx:
        assert schema.current(tx) == request.param
        tx.execute(stands_at, {"revision": schema.head()})
    engine.dispose()


@pytest.mark.parametrize(
    "command",
    [("migrate",), ("migrate", "--to", "base", "--down"), ("keys", "list"), ("serve",), ("worker",)],
    ids=" ".join,
)
def test_a_database_of_an_unreleased_or_newer_version(
    refusal: Refusal, database_url: str, unknown_revision: str, command: tuple[str, ...]
) -> None:
    line = refusal(*command, VEFA_DATABASE_URL=database_url)
    assert line == (
        f"error: The database is at revision '{unknown_revision}', which this program does not know: "
        "an unreleased or a newer version of Vefa made it. "
        "Use that version, or begin with an empty database (with SQLite: another file)."
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_demo_of_an_unreleased_or_newer_version(
    refusal: Refusal, database_url: str, unknown_revision: str
) -> None:
    file = database_url.removeprefix("sqlite:///")
    assert f"is at revision '{unknown_revision}'" in refusal("demo", "--no-serve", "--file", file)


def test_the_version() -> None:
    shown = CliRunner().invoke(commands.app, ["--version"])
    assert (shown.exit_code, shown.output.strip()) == (0, f"vefa {version('vefa')}")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("impor", "no such command 'impor'. Did you mean 'import'?; see vefa --help"),
        ("--foo", "no such option: --foo; see vefa --help"),
        ("import transactions", "missing argument 'file'; see vefa import transactions --help"),
        ("import transactions none.csv", "invalid value for 'file': file 'none.csv' does not exist"),
        ("import list --limit 0", "'--limit': it should be greater than or equal to 1"),
        ("import list --limit many", "unable to parse string as an integer; see vefa import list --help"),
        ("import transactions --colum a=b", "(Possible options: --column"),
        ("import list extra", "unexpected extra argument"),
        ("keys create till --scope all", "see vefa keys create --help"),
        ("import revert 7", "see vefa import revert --help"),
    ],
)
def test_a_command_that_is_not_written_as_it_must_be(refusal: Refusal, command: str, said: str) -> None:
    line = refusal(*command.split())
    assert line.startswith("error: ")
    assert said in line


def test_help_is_shown_where_nothing_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, code in (([], 2), (["import"], 2), (["--help"], 0), (["--version"], 0)):
        monkeypatch.setattr(sys, "argv", ["vefa", *words])
        with pytest.raises(SystemExit) as ended:
            commands.run()
        assert (ended.value.code or 0) == code, words
        captured = capsys.readouterr()
        assert "error" not in captured.err
        assert "vefa" in captured.out + captured.err
