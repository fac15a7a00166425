"""``vefa replay``: compute a past run once more, print whether it came out the same and what came late."""

from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from app.cli.context import opened
from app.schemas.scoring.replays import ReplayCreate
from app.services.scoring import replays

MAX_LISTED = 5
"""Customers, late records and rates printed; ``--json`` has more."""

REMARKS = {
    "other_rules": "The run was computed by rules that have changed since.",
    "other_reading": "Facts are read in another way now: by another version, or in another time zone.",
    "fitted_to_all": "Tiers are shares of a total and models are fitted to all customers: late data of one "
    "customer moves the figures of others.",
    "unexplained": "Nothing is known that came late, was deleted or was changed.",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)


def replay(
    run_id: Annotated[UUID, typer.Argument(help="The scoring run to compute once more.")],
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Compute a past run once more from what is known now, and hold it against what the run stored."""
    from app.jobs.scoring import replay as work

    with opened() as (store, actor):
        row = store.write_sync(replays.create, actor, ReplayCreate(run_id=run_id))
        with Console(stderr=True).status("replay"):
            work.run(store, actor, row["id"])
        done = store.read_sync(replays.get, actor, row["id"])
    if json:
        Console().print_json(data=done, default=str)
    else:
        _print(done)


def _print(done: dict[str, Any]) -> None:
    result = done["result"]
    console = Console(highlight=False, soft_wrap=True)
    verdict = "the same" if result["same"] else f"{result['differing']:,} customers differ"
    console.print(f"run {done['run_id']} for {done['as_of']}: {result['n']:,} customers compared, {verdict}")
    if not result["same"]:
        _print_differing(console, result)
    late = result["late"]
    counts = ", ".join(f"{count:,} {_words(kind)}" for kind, count in late["counts"].items() if count)
    console.print(f"came late: {counts or 'nothing'}")
    if late["records"]:
        records = Table("kind", "customer", "occurred", "recorded")
        for one in late["records"][:MAX_LISTED]:
            records.add_row(
                _words(one["kind"]),
                one["customer_id"],
                *(_seconds(one[at]) for at in ("occurred_at", "recorded_at")),
            )
        console.print(records)
    if result["deleted"]:
        console.print("An import was taken back since.")
    for rate in result["rates"][:MAX_LISTED]:
        console.print(
            f"rate of {rate['currency']} on {rate['on']}: {rate['before'] or 'none'} then, "
            f"{rate['after'] or 'none'} now"
        )
    if result["not_compared"]:
        console.print(f"not compared: {', '.join(map(_words, result['not_compared']))}")
    for remark in result["remarks"]:
        console.print(REMARKS[remark])


def _print_differing(console: Console, result: dict[str, Any]) -> None:
    columns = Table("column", "customers that differ")
    for column in result["columns"]:
        columns.add_row(_words(column["name"]), f"{column['customers']:,}")
    console.print(columns)
    customers = Table("customer", "late data", "tier", "churn level", "value")
    for one in result["customers"][:MAX_LISTED]:
        customers.add_row(
            one["customer_id"],
            "yes" if one["is_late"] else "no",
            *(_words(_moved(one, name)) for name in ("tier", "churn_level")),
            _moved({side: {"value": _money(one[side]["value"])} for side in ("before", "after")}, "value"),
        )
    console.print(customers)
    console.print(
        f"{result['explained']:,} of the customers that differ have late data themselves; "
        f"{result['only_before']:,} were known only then, {result['only_after']:,} only now"
    )


def _moved(one: dict[str, Any], name: str) -> str:
    before, after = (one[side][name] or "-" for side in ("before", "after"))
    return str(before) if before == after else f"{before} -> {after}"


def _money(amount: dict[str, str] | None) -> str | None:
    return None if amount is None else f"{float(amount['amount']):,.2f}"


def _seconds(at: str | None) -> str:
    return "-" if at is None else f"{at[:19]}Z"


def _words(name: str) -> str:
    return name.replace("_", " ")
