"""``vefa score``: compute value tiers for a day and print them."""

from datetime import datetime
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from app.cli.context import opened
from app.domain.activity.transactions import TransactionKind
from app.jobs.scoring.score import score as compute
from app.schemas.scoring.runs import CutsIn, ScoringRunCreate
from app.services.scoring import runs, value_tiers


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(score)


def score(
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Count what occurred before this day; default tomorrow."),
    ] = None,
    window_days: Annotated[
        int | None, typer.Option(min=1, help="Days that count; default: everything.")
    ] = None,
    cut_a: Annotated[int, typer.Option(min=1, max=99, help="Percent of value held by A.")] = 80,
    cut_b: Annotated[int, typer.Option(min=2, max=100, help="Percent held by A and B.")] = 95,
    ignore: Annotated[list[TransactionKind] | None, typer.Option(help="Kinds to leave out (repeat).")] = None,
    horizon_days: Annotated[int, typer.Option(min=1, help="Days ahead that churn is forecast for.")] = 90,
    zero_amounts: Annotated[
        bool, typer.Option("--zero-amounts", help="Purchases of nothing make days of purchase too.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Compute value tiers, satisfaction and churn and make them current, unless a later day is."""
    try:
        data = ScoringRunCreate(
            as_of=None if as_of is None else as_of.strftime("%Y-%m-%d"),
            window_days=window_days,
            cuts=CutsIn(a_percent=cut_a, b_percent=cut_b),
            ignored_kinds=ignore or [],
            horizon_days=horizon_days,
            zero_amount_purchases=zero_amounts,
        )
    except ValidationError as error:
        raise typer.BadParameter("; ".join(part["msg"] for part in error.errors())) from None
    with opened() as (store, actor):
        run = store.write_sync(runs.create, actor, data)
        with Console(stderr=True).status("facts") as status:
            compute(store, actor, run["id"], status.update)
        report = store.read_sync(value_tiers.report, actor, run["id"], None)
    if json:
        Console().print_json(data=report, default=str)
    else:
        _print(report)


def _print(report: dict[str, Any]) -> None:
    table = Table("tier", "customers", "share", "value", "share of value", "smallest value")
    for tier in report["tiers"]:
        table.add_row(
            tier["tier"],
            f"{tier['customers']:,}",
            _percent(tier["customer_share"]),
            _money(tier["value"]),
            _percent(tier["value_share"]),
            _money(tier["smallest_value"]),
        )
    console = Console()
    console.print(table)
    console.print(
        f"customers {report['n']:,} (zero {report['n_zero']:,}, negative {report['n_negative']:,}, "
        f"without tier {report['customers_without_tier']:,}); net {_money(report['net_total'])}\n"
        f"top 20 % = {report['top20_customers']:,} customers hold {_percent(report['top20_share'])}; "
        f"Gini {'-' if report['gini'] is None else format(report['gini'], '.4f')}; "
        f"as of {report['as_of']}, run {report['run_id']}, "
        f"{'current' if report['is_current'] else 'history'}",
        highlight=False,
    )
    if report["excluded"]["no_rate"]:
        console.print(
            f"left out: {report['excluded']['no_rate']:,} transactions without an exchange rate of their day "
            f"({', '.join(report['excluded']['currencies_without_rate'])})"
        )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f} %"


def _money(amount: dict[str, str] | None) -> str:
    return "-" if amount is None else f"{float(amount['amount']):,.2f} {amount['currency']}"
