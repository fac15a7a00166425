"""``vefa demo``: a believable company, scored and served."""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from app import http_server, logs
from app.cli.context import opened, reaching
from app.domain.demo import generate
from app.jobs import backtest, replay
from app.jobs.score import score
from app.main import create_app
from app.schemas.complaints import EXAMPLE_NUMBER
from app.services import demo as demo_service
from app.settings import Settings
from app.store import schema
from app.store.types import now

TOKEN = "vefa_live_demo00000000_PublicDemoKeyOfVefaTheSameEverywhere0000"  # noqa: S105 - public on purpose
SECRET = "the demo's secret is public, so never use it elsewhere"  # noqa: S105


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    file: Annotated[Path, typer.Option(help="The demo's own database file.")] = Path("vefa-demo.db"),
    customers: Annotated[
        int, typer.Option(min=1, max=200_000, help="How many, when the file is made.")
    ] = 4000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed and day, same company.")] = 1,
    until: Annotated[
        str | None, typer.Option(help="Last day of the data, YYYY-MM-DD; default today.")
    ] = None,
    serve: Annotated[bool, typer.Option(help="Serve it when it is ready.")] = True,
) -> None:
    """Make the demo company (once), score it and serve it; print its address, key and first requests."""
    settings = Settings(database_url=f"sqlite:///{file}", secret=SECRET, log_level="WARNING")
    with reaching(settings):
        schema.upgrade(settings)
    with opened(settings) as (store, actor):
        today = actor.company.day_of(now())
        last = date.fromisoformat(until) if until else today
        if last > today:
            raise typer.BadParameter("nothing has happened yet after today", param_hint="--until")
        if store.read_sync(demo_service.is_empty, actor):
            typer.echo(
                f"Making {customers:,} customers with two years of purchases (seed {seed}) in {file} ..."
            )
            company = generate(seed, last, customers)
            store.write_sync(demo_service.load, actor, company, TOKEN)
        if not store.read_sync(demo_service.is_scored, actor):
            score(store, actor, store.write_sync(demo_service.start_scoring, actor, last + timedelta(days=1)))
            backtest_id = store.write_sync(demo_service.start_backtest, actor, last + timedelta(days=1))
            if backtest_id is not None:
                backtest.run(store, actor, backtest_id)
            replay_id = store.write_sync(demo_service.start_replay, actor)
            if replay_id is not None:
                replay.run(store, actor, replay_id)
    if serve:
        logs.configure(settings.log_level)
        http_server.serve(
            create_app(settings, with_worker=True),
            host=host,
            port=port,
            log_level=settings.log_level,
            on_ready=lambda: _greet(f"http://{host}:{port}"),
        )


def _greet(address: str) -> None:
    header = f"-H 'Authorization: Bearer {TOKEN}'"
    typer.echo(
        f"\nVefa serves its demo at {address} (docs: {address}/docs)\n"
        f"API key: {TOKEN}\n\n"
        f"curl {header} '{address}/v1/insights/value-tiers'\n"
        f"curl {header} '{address}/v1/screen-pop?phone=0532+123+45+67'\n"
        f"curl {header} '{address}/v1/customers?churn_level=at_risk&sort=-value_at_risk&limit=3'\n"
        f"curl {header} '{address}/v1/complaints?number={EXAMPLE_NUMBER}'\n"
        f"curl {header} '{address}/v1/insights/satisfaction?index=csat&by=channel'\n"
    )
