"""``vefa demo``: a believable company, scored and served."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress

from app import logs
from app.cli.context import opened, reaching, refuse
from app.cli.serving import run
from app.demo import load as demo_service
from app.demo.company import generate
from app.domain.common.access import Actor
from app.jobs.scoring import backtest, replay
from app.jobs.scoring.score import score
from app.schemas.recovery.complaints import EXAMPLE_NUMBER
from app.settings import Settings
from app.store import schema
from app.store.engine import Store
from app.store.types import now

TOKEN = "vefa_live_demo00000000_PublicDemoKeyOfVefaTheSameEverywhere0000"  # noqa: S105 - public on purpose
SECRET = "the-demos-secret-is-public,-so-never-use-it-elsewhere"  # noqa: S105


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    file: Annotated[Path, typer.Option(help="The demo's own database file.")] = Path("vefa-demo.db"),
    customers: Annotated[
        int | None,
        typer.Option(min=1, max=200_000, help="How many, when the file is made.", show_default="4000"),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Same seed and day, same company.", show_default="1")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Last day of the data, YYYY-MM-DD; default today, until now.")
    ] = None,
    serve: Annotated[bool, typer.Option(help="Serve it when it is ready.")] = True,
) -> None:
    """Make the demo company (once), score it and serve it; print its address, key and first requests."""
    last = None if until is None else _day(until)
    settings = Settings(database_url=f"sqlite:///{file}", secret=SECRET, log_level="WARNING")
    at = now()
    if last is not None and last > settings.company.day_of(at):
        refuse("--until", "nothing has happened yet after today")
    with reaching(settings):
        schema.upgrade(settings)
    with opened(settings) as (store, actor):
        if store.read_sync(demo_service.is_empty, actor):
            _make(
                store,
                actor,
                file,
                1 if seed is None else seed,
                last or actor.company.day_of(at),
                customers or 4000,
                at,
            )
        else:
            _check_same(store, actor, file, {"seed": seed, "until": last, "customers": customers})
        _compute(store, actor, at)
    if serve:
        logs.configure(settings.log_level)
        run(settings, host, port, on_ready=lambda: _greet(f"http://{host}:{port}"))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        refuse("--until", "expected a day such as 2026-11-23")


def _make(
    store: Store, actor: Actor, file: Path, seed: int, until: date, customers: int, at: datetime
) -> None:
    """Make a company that ends with a day, or on it at an instant, in an empty store."""
    typer.echo(f"Making {customers:,} customers with two years of purchases (seed {seed}) in {file} ...")
    zone = ZoneInfo(actor.company.time_zone)
    with _bar() as bar:
        task = bar.add_task("Making", total=None)
        company = generate(seed, until, customers, ends_at=at, zone=zone)
        store.write_sync(
            demo_service.load,
            actor,
            company,
            TOKEN,
            lambda done, total: bar.update(task, description="Storing", completed=done, total=total),
        )


def _bar() -> Progress:
    """A bar on a terminal, and nothing elsewhere."""
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)


def _check_same(store: Store, actor: Actor, file: Path, asked: dict[str, Any]) -> None:
    """Check that the file's demo is the one that is asked for, as far as anything is asked for and known."""
    made = store.read_sync(demo_service.made_of, actor)
    if made is None:
        return
    other = [
        f"--{name}" for name, value in asked.items() if value is not None and str(value) != str(made[name])
    ]
    if other:
        there = f"{made['customers']:,} customers until {made['until']} (seed {made['seed']})"
        sentence = (
            f"{file} already has the demo of {there}: leave these options out to serve it, "
            "or name another --file"
        )
        refuse(" ".join(other), sentence)


def _compute(store: Store, actor: Actor, at: datetime) -> None:
    """Score the demo, test it against its past and replay it, unless that was done."""
    if store.read_sync(demo_service.is_scored, actor):
        return
    made = store.read_sync(demo_service.made_of, actor)
    last = date.fromisoformat(made["until"]) if made is not None else actor.company.day_of(at)
    as_of = last + timedelta(days=1)
    with _bar() as bar:
        bar.add_task("Scoring", total=None)
        score(store, actor, store.write_sync(demo_service.start_scoring, actor, as_of))
        backtest_id = store.write_sync(demo_service.start_backtest, actor, as_of)
        if backtest_id is not None:
            backtest.run(store, actor, backtest_id)
        replay_id = store.write_sync(demo_service.start_replay, actor)
        if replay_id is not None:
            replay.run(store, actor, replay_id)


def _greet(address: str) -> None:
    header = f"-H 'Authorization: Bearer {TOKEN}'"
    typer.echo(
        f"\nVefa serves its demo at {address} (docs: {address}/docs)\n"
        f"API key (public, all scopes, never expires): {TOKEN}\n\n"
        f"curl {header} '{address}/v1/insights/value-tiers'\n"
        f"curl {header} '{address}/v1/screen-pop?phone=0532+123+45+67'\n"
        f"curl {header} '{address}/v1/customers?churn_level=at_risk&sort=-value_at_risk&limit=3'\n"
        f"curl {header} '{address}/v1/complaints?number={EXAMPLE_NUMBER}'\n"
        f"curl {header} '{address}/v1/insights/satisfaction?index=csat&by=channel'\n"
    )
