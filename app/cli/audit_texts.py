"""What `vefa audit` says of a trail, in lines of at most 80 characters."""

import json
from collections.abc import Iterator
from textwrap import fill, wrap

from app.store.audit.alarms import Alarm, Kind
from app.store.audit.report import Report
from app.store.audit.rows import Entry

_WIDTH = 78
_MAX_LINES = 20
_MAX_ENTRIES = 5

_ABOUT = {
    Kind.CHANGED: "{at} is not what was sealed there: a value or the seal was changed.",
    Kind.MOVED: "{at} was sealed as position {last}: entries were renumbered or changed places.",
    Kind.REMOVED: "{at} is missing: it was sealed, and has been removed or lost its number.",
    Kind.UNSEALED: "{at} has lost its seal.",
    Kind.TWICE: "{at} has several entries: one was put beside another.",
    Kind.REFUSED: "Not written by a process that has the secret, or changed before it was sealed.",
    Kind.LOST: "When the head was at position {first:,}, entries were removed before they were sealed.",
    Kind.ABOVE: "{at} is numbered above the head, but was never sealed.",
    Kind.PUT_BACK: "{at} was sealed before with something else: the end was cut off and replaced.",
    Kind.NO_HEAD: "Entries were sealed, but the head that signs for the end is gone.",
    Kind.FORGED_HEAD: "The head names VEFA_SECRET, but its signature is not that of this secret.",
    Kind.OTHER_SECRET: "The head was signed with another secret than VEFA_SECRET.",
    Kind.OTHER_STORE: "The copy of the head is of another store.",
}
_CHAIN = (
    "Compare these entries with a backup, and find out who could write the database. The entries "
    "themselves cannot be mended; sealing goes on behind them. When the cause is known, "
    "`vefa audit accept` notes that in the trail."
)
_ADVICE = {
    Kind.REFUSED: "These entries were not sealed. Find out who could write the database, or which process "
    "ran with another VEFA_SECRET.",
    Kind.LOST: "Compare with the outbox (table events), the log of requests and a backup of what was done "
    "then, and find out who could write the database. When the cause is known, `vefa audit accept` notes it.",
    Kind.NO_HEAD: "Nothing is sealed until there is a head: put it back from a backup, or look into it and "
    "run `vefa audit accept`.",
    Kind.FORGED_HEAD: "Nothing is sealed until the head is right: put it back from a backup, or look into "
    "it and run `vefa audit accept`.",
    Kind.OTHER_SECRET: "If the secret was changed: name the earlier one in VEFA_SECRET_PREVIOUS and run "
    "`vefa audit rotate`. If not: set the right VEFA_SECRET. Nothing is sealed meanwhile.",
    Kind.OTHER_STORE: "Give a copy of this store's own head, or look into it: the whole database may have "
    "been replaced.",
}
_LOST_SECRET = "If VEFA_SECRET was changed at some time, name the earlier ones in VEFA_SECRET_PREVIOUS."  # noqa: S105


def of_report(report: Report) -> str:
    """Everything that was found and what to do, or that all is well."""
    if not report.alarms:
        return _well(report)
    return "\n".join(_broken(report))


def _well(report: Report) -> str:
    text = f"{report.last:,} sealed entries are what they were; {report.waiting:,} wait for their seal."
    if report.head is None and report.last:
        text += "\nNo head signs for the end yet: the next worker that starts signs one."
    return text


def _broken(report: Report) -> Iterator[str]:
    yield f"The audit trail is NOT what was sealed. Found: {len(report.alarms):,}."
    for alarm in report.alarms[:_MAX_LINES]:
        about = _ABOUT[alarm.kind].format(at=_at(alarm), first=alarm.first, last=alarm.last)
        text = f"{alarm.kind.value}: {about}"
        yield fill(f"{text} {alarm.remark}".rstrip(), _WIDTH, initial_indent="- ", subsequent_indent="  ")
    if len(report.alarms) > _MAX_LINES:
        yield f"- and {len(report.alarms) - _MAX_LINES:,} more"
    if report.refused:
        yield "\nEntries that were not sealed:"
        for entry in report.refused[:_MAX_ENTRIES]:
            yield from _of_entry(entry)
        if len(report.refused) > _MAX_ENTRIES:
            yield f"- and {len(report.refused) - _MAX_ENTRIES:,} more"
    yield "\nWhat to do:"
    for advice in dict.fromkeys(_advice(report)):
        yield fill(advice, _WIDTH, initial_indent="- ", subsequent_indent="  ")


def _advice(report: Report) -> Iterator[str]:
    for alarm in report.alarms:
        if alarm.kind is Kind.CHANGED and alarm.first == 1:
            yield _LOST_SECRET
        yield _ADVICE.get(alarm.kind, _CHAIN)


def _at(alarm: Alarm) -> str:
    if alarm.kind is Kind.MOVED or alarm.first == alarm.last:
        return f"Position {alarm.first:,}"
    return f"Each of positions {alarm.first:,} to {alarm.last:,}"


def _of_entry(entry: Entry) -> Iterator[str]:
    entry_hex, _at_micros, actor_id, _request_id, action, object_id, _members = json.loads(entry.text)
    text = f"id {entry_hex}: {action} of {object_id} by {actor_id}"
    printable = "".join(letter if letter.isprintable() else "?" for letter in text)
    yield from wrap(printable[:400], _WIDTH, initial_indent="- ", subsequent_indent="  ")
