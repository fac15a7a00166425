"""The report of promises over HTTP, on both databases: the worked example of its definition."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from promise_helpers import kept_report, promised, step
from support import Api, problem

from app.domain.common.access import Scope

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def twenty(api: Api) -> Iterator[Any]:
    """Twenty promises of which 14 were kept on time, 3 late, 1 is overdue and 2 were cancelled; one more is
    not due yet."""
    with time_machine.travel(NOON, tick=False) as clock:
        made = [promised(api, owner="ayse.k" if n < 10 else "elvin.m", unit="izmir") for n in range(20)]
        promised(api, owner="ayse.k", due_in_seconds=40 * 86_400, kind="visit")
        step(api, made[0], "moves", due_in_seconds=90_000, customer_agreed=True)
        step(api, made[18], "cancellations", by="us")
        step(api, made[19], "cancellations", by="customer")
        for one in made[:14]:
            step(api, one, "fulfilments")
        clock.move_to(NOON + 2 * DAY)
        for one in made[14:17]:
            step(api, one, "fulfilments")
        yield clock


def test_the_worked_example(api: Api, twenty: Any) -> None:
    whole = kept_report(api)["overall"]
    counts = {name: whole[name] for name in whole if isinstance(whole[name], int)}
    assert counts == {
        "due": 20,
        "on_time": 14,
        "late": 3,
        "overdue": 1,
        "cancelled_by_us": 1,
        "cancelled_by_customer": 1,
        "moved": 1,
        "open": 1,
        "counted": 19,
        "is_small": True,
    }
    assert whole["kept_rate"] == pytest.approx(0.7368, abs=5e-5)
    assert (whole["kept_low"], whole["kept_high"]) == (
        pytest.approx(0.512, abs=5e-4),
        pytest.approx(0.882, abs=5e-4),
    )
    assert whole["kept_shrunk"] is None
    mine = kept_report(api, promised_by="customer")["overall"]
    assert (mine["due"], mine["kept_rate"]) == (0, None)


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("agent", ["ayse.k", "elvin.m"]),
        ("unit", ["izmir", None]),
        ("kind", ["call_back", "visit"]),
        ("tier", [None]),
        ("channel", [None]),
        ("month", ["2026-03", "2026-04"]),
    ],
)
def test_groups_add_up_to_the_whole(api: Api, twenty: Any, by: str, keys: list[str | None]) -> None:
    report = kept_report(api, by=by)
    assert [group["key"] for group in report["groups"]] == keys
    for name in ("due", "on_time", "late", "overdue", "cancelled_by_us", "moved", "open", "counted"):
        assert sum(group[name] for group in report["groups"]) == report["overall"][name]
    has_shrunk = {group["kept_shrunk"] is not None for group in report["groups"] if group["counted"]}
    assert has_shrunk == {by in ("agent", "unit")}


def test_what_is_overdue_is_so_at_every_instant_without_a_worker(api: Api, twenty: Any) -> None:
    twenty.move_to(NOON + 41 * DAY)
    whole = kept_report(api)["overall"]
    assert (whole["due"], whole["overdue"], whole["open"]) == (21, 2, 0)


def test_the_file(api: Api, twenty: Any) -> None:
    answer = api.get("/v1/insights/promises.csv?by=unit&from=2020-01-01&to=2060-01-01")
    lines = answer.text.splitlines()
    assert lines[0].startswith("key,due,on_time,late,overdue,cancelled_by_us,cancelled_by_customer,moved")
    assert [line.split(",")[:3] for line in lines[1:]] == [
        ["*", "20", "14"],
        ["izmir", "20", "14"],
        ["", "0", "0"],
    ]


def test_who_may_read_it(api: Api, api_with: Callable[..., Api]) -> None:
    problem(api_with(Scope.PROMISES_READ).get("/v1/insights/promises"), 403, "insufficient_scope")
    problem(api_with(units=("izmir",)).get("/v1/insights/promises"), 403, "limited_to_units")
    wrong = api.get("/v1/insights/promises", params={"from": "2026-01-01", "to": "2026-01-01"})
    problem(wrong, 422, "validation_failed")
    problem(api.get("/v1/insights/standards?metric=promise"), 422, "validation_failed")
