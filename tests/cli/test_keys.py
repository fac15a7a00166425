"""``vefa keys``: a key works until it is revoked, expires or has been rotated away."""

import re
from collections.abc import Callable, Iterator

import pytest
import time_machine
from jobs.helpers import until
from sqlalchemy import select
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.cli.commands import app
from app.main import create_app
from app.settings import Settings
from app.store.engine import Store
from app.store.tables import AuditEntry


@pytest.fixture
def vefa(settings: Settings) -> Callable[..., str]:
    """Run a ``vefa`` command on each database; what it printed."""

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(
            app, arguments, env={"VEFA_DATABASE_URL": settings.database_url, "COLUMNS": "80"}
        )
        assert result.exit_code == 0, result.output
        return result.output.strip()

    return run


@pytest.fixture
def status(settings: Settings) -> Iterator[Callable[[str], int]]:
    """Status of a read with a key."""
    with TestClient(create_app(settings)) as client:

        def ask(token: str) -> int:
            answer = client.get("/v1/customers", headers={"Authorization": f"Bearer {token}"})
            return int(answer.status_code)

        yield ask


def key_id(token: str) -> str:
    return token.split("_")[2]


def test_the_secret_of_a_new_key_is_shown_once(
    vefa: Callable[..., str], status: Callable[[str], int]
) -> None:
    token = vefa("keys", "create", "till 7", "--all-scopes")
    assert status(token) == 200
    listed = vefa("keys", "list")
    assert "till 7" in listed
    assert token.split("_")[3] not in listed


def test_a_key_has_only_the_scopes_it_was_given(
    vefa: Callable[..., str], status: Callable[[str], int]
) -> None:
    assert status(vefa("keys", "create", "rates", "--scope", "rates:read")) == 403


def test_a_revoked_key_is_useless(vefa: Callable[..., str], status: Callable[[str], int]) -> None:
    token = vefa("keys", "create", "till 7", "--all-scopes")
    vefa("keys", "revoke", key_id(token))
    assert status(token) == 401


def test_a_rotated_key_works_for_the_overlap_and_its_successor_after_it(
    vefa: Callable[..., str], status: Callable[[str], int]
) -> None:
    with time_machine.travel("2026-11-23T10:00:00Z", tick=False) as clock:
        old = vefa("keys", "create", "till 7", "--all-scopes")
        new = vefa("keys", "rotate", key_id(old), "--overlap-hours", "2")
        assert (status(old), status(new)) == (200, 200)
        clock.shift(2 * 3600 + 1)
        assert (status(old), status(new)) == (401, 200)


def test_a_key_rotated_twice_gives_both_successors_its_own_expiry(
    vefa: Callable[..., str], status: Callable[[str], int]
) -> None:
    with time_machine.travel("2026-11-23T10:00:00Z", tick=False) as clock:
        lasting, limited = (
            vefa("keys", "create", "till 7", "--all-scopes"),
            vefa("keys", "create", "till 8", "--all-scopes", "--days", "3"),
        )
        for hours in ("2", "5"):
            lasting_next = vefa("keys", "rotate", key_id(lasting), "--overlap-hours", hours)
            limited_next = vefa("keys", "rotate", key_id(limited), "--overlap-hours", hours)
        clock.shift(2 * 3600 + 1)  # a second rotation does not prolong the first one's overlap
        assert [status(key) for key in (lasting, limited)] == [401, 401]
        clock.shift(2 * 24 * 3600)
        assert [status(key) for key in (lasting_next, limited_next)] == [200, 200]
        clock.shift(24 * 3600)
        assert [status(key) for key in (lasting_next, limited_next)] == [200, 401]


def test_the_list_shows_whole_ids_and_scopes_on_80_columns(vefa: Callable[..., str]) -> None:
    token = vefa("keys", "create", "the call centre of the northern region", "--all-scopes", "--unit=north")
    limited = vefa("keys", "create", "app", "--scope=customers:read", "--scope=complaints:write")
    listed = vefa("keys", "list")
    assert key_id(token) in listed
    assert key_id(limited) in listed
    assert max(map(len, listed.splitlines())) <= 80
    assert "…" not in listed


def test_a_key_expires(vefa: Callable[..., str], status: Callable[[str], int]) -> None:
    with time_machine.travel("2026-11-23T10:00:00Z", tick=False) as clock:
        token = vefa("keys", "create", "for a day", "--all-scopes", "--days", "1")
        assert status(token) == 200
        clock.shift(24 * 3600 + 1)
        assert status(token) == 401


def test_a_secret_that_is_off_by_one_letter_is_refused(
    vefa: Callable[..., str], status: Callable[[str], int]
) -> None:
    token = vefa("keys", "create", "till 7", "--all-scopes")
    wrong = token[:-1] + ("A" if token[-1] != "A" else "B")
    assert status(wrong) == 401


def test_the_use_of_a_key_is_noted(vefa: Callable[..., str], status: Callable[[str], int]) -> None:
    token = vefa("keys", "create", "till 7", "--all-scopes")
    assert vefa("keys", "list").count("never") == 1
    status(token)
    until(lambda: "never" not in vefa("keys", "list"))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ((), "say what the key may do: --scope customers:read (repeat for more), or --all-scopes"),
        (("--scope=customers:read", "--all-scopes"), "say what the key may do: "),
        (("--all-scopes", "--days=3", "--never-expires"), "a key with --days expires"),
    ],
)
def test_a_key_that_says_not_what_it_may_do_and_how_long_is_not_made(
    settings: Settings, vefa: Callable[..., str], said: tuple[str, ...], sentence: str
) -> None:
    environment = {"VEFA_DATABASE_URL": settings.database_url}
    result = CliRunner().invoke(app, ["keys", "create", "till 7", *said], env=environment)
    assert (result.exit_code, result.stdout) == (2, "")
    [line] = result.stderr.splitlines()
    assert line.startswith(f"error: {sentence}")
    assert "till" not in vefa("keys", "list")


def test_a_key_expires_after_a_year_unless_it_never_does(
    vefa: Callable[..., str], status: Callable[[str], int]
) -> None:
    with time_machine.travel("2026-11-23T10:00:00Z", tick=False) as clock:
        usual = vefa("keys", "create", "till 7", "--all-scopes")
        lasting = vefa("keys", "create", "till 8", "--all-scopes", "--never-expires")
        clock.shift(365 * 24 * 3600 - 1)
        assert (status(usual), status(lasting)) == (200, 200)
        renewed = vefa("keys", "rotate", key_id(usual), "--days", "365")
        clock.shift(2)
        assert (status(usual), status(renewed), status(lasting)) == (401, 200, 200)


def test_the_trail_keeps_what_a_key_may_do_and_who_made_it(vefa: Callable[..., str], store: Store) -> None:
    rights = ("--scope=customers:read", "--scope=complaints:write", "--unit=izmir", "--unit=baki")
    with time_machine.travel("2026-11-23T10:00:00Z", tick=False):
        first = key_id(vefa("keys", "create", "app", *rights))
        second = key_id(vefa("keys", "rotate", first))
        vefa("keys", "revoke", first)
    columns = AuditEntry.actor_id, AuditEntry.action, AuditEntry.object_id, AuditEntry.members
    read = select(*columns).order_by(AuditEntry.at, AuditEntry.id)
    entries = store.read_sync(lambda tx: tx.execute(read).all())
    given = ["expires_at=2027-11-23T10:00:00+00:00", "scope=complaints:write", "scope=customers:read"]
    given += ["unit=baki", "unit=izmir"]
    assert [tuple(entry)[1:] for entry in entries] == [
        ("api_key.created", first, given),
        ("api_key.rotated", first, given),
        ("api_key.created", second, sorted([*given, f"replaces={first}"])),
        ("api_key.revoked", first, given),
    ]
    [actor] = {entry.actor_id for entry in entries}
    assert re.fullmatch(r"cli:[^\s:]+ without secret", actor), "the command was run without VEFA_SECRET"
