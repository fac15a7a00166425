"""``vefa backtest``: forecast a past day from what was known then, and print how the forecasts did."""

from datetime import datetime
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from app.cli.context import opened
from app.schemas.scoring.backtests import BacktestCreate
from app.services.scoring import backtests


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(backtest)


def backtest(
    cut: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day that is known.")],
    horizon_days: Annotated[int, typer.Option(min=1, help="Days after it that are forecast.")] = 90,
    window_days: Annotated[
        int | None, typer.Option(min=1, help="Days that count as value; default: everything.")
    ] = None,
    model: Annotated[list[str] | None, typer.Option(help="Show only these models (repeat).")] = None,
    zero_amounts: Annotated[
        bool, typer.Option("--zero-amounts", help="Purchases of nothing make days of purchase too.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Forecast churn for a past day from what was known then, and hold it against what happened."""
    from app.jobs.scoring import backtest as work

    try:
        data = BacktestCreate(
            cut_on=cut.strftime("%Y-%m-%d"),
            horizon_days=horizon_days,
            window_days=window_days,
            models=model or [],
            zero_amount_purchases=zero_amounts,
        )
    except ValidationError as error:
        raise typer.BadParameter("; ".join(part["msg"] for part in error.errors())) from None
    with opened() as (store, actor):
        row = store.write_sync(backtests.create, actor, data)
        with Console(stderr=True).status("backtest"):
            work.run(store, actor, row["id"])
        done = store.read_sync(backtests.get, actor, row["id"])
    if json:
        Console().print_json(data=done, default=str)
    else:
        _print(done)


def _print(done: dict[str, Any]) -> None:
    result = done["result"]
    console = Console()
    console.print(
        f"cut {done['cut_on']}, {done['parameters']['horizon_days']} days: {result['n']:,} customers; "
        f"published: {result['published'] or 'no probability'} ({result['reason']}){_rhythm(result)}",
        highlight=False,
    )
    _print_models(console, result)
    _print_season(console, result)
    flags = Table("level given", "bought nothing", "came back")
    for cell in result["confusion"]:
        flags.add_row(cell["level"] or "none", f"{cell['silent']:,}", f"{cell['returned']:,}")
    console.print(flags)
    groups = Table("group", "customers", "AUC published", "AUC recency", "Brier published")
    for group in result["groups"]:
        mine, simple = group["published"] or {}, group["recency"]
        groups.add_row(
            group["name"],
            f"{simple['n']:,}",
            _with(mine.get("auc"), None),
            _with(simple["auc"], None),
            _with(mine.get("brier"), None),
        )
    console.print(groups)
    _print_lifetime_value(console, result["lifetime_value"])
    if result["contract"] is not None:
        _print_contracts(console, result["contract"])


def _print_season(console: Console, result: dict[str, Any]) -> None:
    """Whether there is a season, how far off the purchase model was in each window, and what was tried."""
    season = result["season"]
    if season is None:
        return
    said = {True: "found", False: "none", None: "not seen in an earlier year"}[season["found"]]
    served = f", served {season['served']}" if season["served"] else ""
    ranked = "; customers are only ranked" if result["ranked_only"] else ""
    limits = f"; limits: {', '.join(result['limits'])}" if result["limits"] else ""
    ends = [f"; sales had stopped on {day}" for day in (result["data_end"] or result["outcome_end"],) if day]
    console.print(f"season: {said}{served}{ranked}{limits}{''.join(ends)}", highlight=False)
    shifts = Table("window", "opened", "days", "stayed away", "shift", "error")
    for one in season["shifts"]:
        share, shift = f"{one['share']:.1%}", f"{one['shift']:+.3f}"
        shifts.add_row(
            one["window"], one["opened_on"], str(one["days"]), share, shift, _with(one["error"], None)
        )
    if season["shifts"]:
        console.print(shifts)
    tried = Table("candidate", "Brier", "against one figure for all")
    for one in season["candidates"]:
        brier = None if one["metrics"] is None else one["metrics"]["brier"]
        tried.add_row(one["code"], _with(brier, None), _with(one["statistic"], None, 1))
    if season["candidates"]:
        console.print(tried)


def _rhythm(result: dict[str, Any]) -> str:
    """How evenly customers buy, where the contest chose to look at it."""
    contest = result["contest"]
    return f"; {contest['purchase_model']}, k {contest['k']}" if contest["k"] else ""


def _print_lifetime_value(console: Console, found: dict[str, Any]) -> None:
    """A line for all, and one for each tier; what the level rests on."""
    table = Table("tier", "forecast", "total", "from", "to", "realised", "covered")
    for one in (found, *found["tiers"]):
        between = one["interval"] or {}
        table.add_row(
            one.get("tier", "all"),
            *(_amount(one[name]) for name in ("forecast", "total")),
            *(_amount(between.get(end)) for end in ("low", "high")),
            _amount(one["realised"]),
            {True: "yes", False: "no", None: "-"}[one["covered"]],
        )
    share = "-" if found["inside_share"] is None else f"{found['inside_share']:.1%}"
    limits = f"; limits: {', '.join(found['limits'])}" if found["limits"] else ""
    console.print(
        f"lifetime value: level {_with(found['level'], None)} by {found['basis']}; {share} of "
        f"{found['checked']:,} customers spent what lay in their own interval{limits}",
        highlight=False,
    )
    console.print(table)


def _amount(money: dict[str, str] | None) -> str:
    """Whole units of money."""
    return "-" if money is None else f"{float(money['amount']):,.0f}"


def _print_contracts(console: Console, found: dict[str, Any]) -> None:
    console.print(
        f"under contract: {found['n']:,} customers; published: {found['published'] or 'no probability'} "
        f"({found['reason']}); left out: {found['excluded_terms_unknown']:,} whose terms were not known, "
        f"{found['excluded_notice_given']:,} who had given notice",
        highlight=False,
    )
    _print_models(console, found)


def _print_models(console: Console, result: dict[str, Any]) -> None:
    """A line for each model, and why others have none."""
    table = Table("model", "AUC", "lift 10 %", "Brier", "ECE", "precision", "recall")
    for one in result["models"]:
        metrics = one["metrics"]
        alarm = one["at_levels"][-1] if one["at_levels"] else None
        table.add_row(
            one["code"],
            _with(metrics["auc"], metrics["auc_interval"]),
            _with(metrics["lift10"], metrics["lift10_interval"], 2),
            _with(metrics["brier"], metrics["brier_interval"]),
            _with(metrics["ece"], one["ece_interval"]),
            "-" if alarm is None else _with(alarm["precision"]["value"], alarm["precision"]["interval"]),
            "-" if alarm is None else _with(alarm["recall"]["value"], alarm["recall"]["interval"]),
        )
    if result["models"]:
        console.print(table)
    if result["missing"]:
        absent = ", ".join(f"{one['code']} ({one['reason']})" for one in result["missing"])
        console.print(f"not ready: {absent}", highlight=False)


def _with(figure: float | None, interval: dict[str, float] | None, digits: int = 3) -> str:
    if figure is None:
        return "-"
    if interval is None:
        return f"{figure:.{digits}f}"
    return f"{figure:.{digits}f} [{interval['low']:.{digits}f}, {interval['high']:.{digits}f}]"
