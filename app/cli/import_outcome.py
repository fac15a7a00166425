"""What became of an import, in words."""

from collections.abc import Sequence
from pathlib import Path

import typer

from app.domain.imports.states import ImportState
from app.domain.imports.targets import RecordKind
from app.store.transactions import Row


def show(row: Row, why: Sequence[str], refused_to: Path | None) -> None:
    """Print what became of an import; ``why`` are its refusals in words."""
    reasons = ", ".join(f"{code} {count:,}" for code, count in row["refused_by_reason"].items())
    ended = "checked, nothing stored" if row["dry_run"] else row["state"]
    lines = [
        f"import {row['id']} {ended}: {row['rows_in']:,} rows in = {row['rows_stored']:,} stored"
        + (f" + {row['rows_updated']:,} updated" if row["rows_updated"] else "")
        + f" + {row['rows_repeated']:,} repeated + {row['rows_refused']:,} refused"
        + (f" ({reasons})" if reasons else ""),
        f"customers created: {row['customers_created']:,}"
        + (f"; amounts rounded: {row['rows_rounded']:,}" if row["kind"] == RecordKind.TRANSACTIONS else ""),
    ]
    lines += why
    if row["records_stored"] < row["rows_stored"]:
        lines.append(f"records of these rows: {row['records_stored']:,}")
    if row["rows_alike"]:
        lines.append(
            f"{row['rows_alike']:,} of the repeated rows have no key, but say what an earlier file said;"
            " give a file of other records another --source"
        )
    key = row["mapping"]["columns"].get("external_id", "=")
    if "conflicting_duplicate" in row["refused_by_reason"] and _may_be_lines(row, key):
        lines.append(
            "rows with the key of another row and other values: if they are lines of one record, "
            f"--group-by {key} adds their amounts up"
        )
    if row["headers_repeated"]:
        lines.append(f"lines that repeat the header, left out: {row['headers_repeated']:,}")
    if row["words_unmatched"]:
        words = ", ".join(f"{target} {count:,}" for target, count in row["words_unmatched"].items())
        lines.append(f"words that no rule names, left as they are: {words}")
    if row["answers_excluded"]:
        counts = (
            (index, *one) for index, reasons in row["answers_excluded"].items() for one in reasons.items()
        )
        answers = ", ".join(f"{index} {reason} {count:,}" for index, reason, count in counts)
        lines.append(f"answers that do not fit their question, left out of the responses: {answers}")
    if row["rows_refused"] and row["rows_refused"] == row["rows_in"]:
        lines.append("nothing could be stored: every row was refused")
    elif row["state"] == ImportState.DONE_WITH_REFUSALS:
        lines.append("more than half of the rows were refused: is the mapping right?")
    if refused_to is not None and row["rows_refused"]:
        lines.append(f"refused rows: {refused_to}")
    typer.echo("\n".join(lines))


def _may_be_lines(row: Row, key: str) -> bool:
    """Whether rows of one key may be lines of one sale: they are not added up yet."""
    return (
        row["kind"] == RecordKind.TRANSACTIONS and not row["mapping"]["group_by"] and not key.startswith("=")
    )
