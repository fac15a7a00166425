"""Many lives of promises over HTTP, on both databases: whatever is done in whatever order while time goes
on, each is in exactly one state, and the report says what the events say."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from promise_helpers import history, kept_report, promised, work
from support import Api

from app.domain.promises.keeping import Outcomes, kept_rate
from app.domain.promises.promises import UNFINISHED, Promise, Promiser, PromiseState, is_broken

START = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DUE = {
    PromiseState.KEPT: "on_time",
    PromiseState.LATE: "late",
    PromiseState.OVERDUE: "overdue",
    PromiseState.ABANDONED: "overdue",
    PromiseState.CANCELLED_BY_US: "cancelled_by_us",
    PromiseState.CANCELLED_BY_CUSTOMER: "cancelled_by_customer",
    PromiseState.OPEN: "open",
}
"""The figure of the report that counts a state."""

which = st.integers(0, 4)
hours = st.integers(1, 30)
ago = st.integers(0, 6)


@dataclass
class Case:
    """A promise as it should be."""

    id: str
    life: Promise
    owner: str
    version: int = 1
    made_at: datetime = START
    dates: set[datetime] = field(default_factory=set)


class Life(RuleBasedStateMachine):
    """Promises of both sides, steps in time and recorded late, retries, and a worker now and then."""

    api: Api

    def __init__(self) -> None:
        super().__init__()
        self.clock = time_machine.travel(START, tick=False)
        self.now = START
        self.traveller = self.clock.start()
        self.kind = uuid4().hex  # tells this run's promises from those of others
        self.cases: list[Case] = []

    def teardown(self) -> None:
        self.clock.stop()

    def _case(self, place: int) -> Case:
        return self.cases[place % len(self.cases)]

    def _take(self, case: Case, name: str, body: dict[str, Any]) -> bool:
        """Whether the step was taken, twice under one key; what is finished refuses it."""
        headers = {"Idempotency-Key": uuid4().hex}
        address = f"/v1/promises/{case.id}/{name}"
        first, again = (self.api.post(address, json=body, headers=headers) for _ in range(2))
        if first.status_code == 201:
            assert (again.status_code, again.content) == (201, first.content)
            case.version = first.json()["version"]
            return True
        assert first.json()["code"] in ("promise_finished", "conflict"), first.text
        is_over = case.life.state(self.now) not in UNFINISHED
        assert (first.json()["code"] == "promise_finished") == is_over
        return False

    def _at(self, case: Case, back: int) -> datetime:
        return max(case.made_at, self.now - back * HOUR)

    @rule(due=hours, side=st.sampled_from(Promiser))
    def make(self, due: int, side: Promiser) -> None:
        if len(self.cases) < 5:
            body = {"due_in_seconds": due * 3600, "kind": self.kind, "promised_by": side.value}
            made = promised(self.api, owner="ayse.k", **body)
            life = Promise(side, self.now + due * HOUR)
            self.cases.append(Case(made["id"], life, "ayse.k", made_at=self.now))

    @precondition(lambda self: self.cases)
    @rule(place=which, back=ago)
    def keep(self, place: int, back: int) -> None:
        case = self._case(place)
        at = self._at(case, back)
        if self._take(case, "fulfilments", {"at": at.isoformat()}):
            case.life = case.life.keep(at)

    @precondition(lambda self: self.cases)
    @rule(place=which, back=ago, side=st.sampled_from(Promiser))
    def cancel(self, place: int, back: int, side: Promiser) -> None:
        case = self._case(place)
        at = self._at(case, back)
        if self._take(case, "cancellations", {"at": at.isoformat(), "by": side.value}):
            case.life = case.life.cancel(at, side)

    @precondition(lambda self: self.cases)
    @rule(place=which, back=ago, due=hours, is_agreed=st.booleans())
    def move(self, place: int, back: int, due: int, is_agreed: bool) -> None:
        case = self._case(place)
        at, new = self._at(case, back), self.now + due * HOUR + timedelta(minutes=1)
        body = {"due_at": new.isoformat(), "customer_agreed": is_agreed, "at": at.isoformat()}
        if new != case.life.due_at and self._take(case, "moves", body):
            case.life = case.life.move(new, at, is_agreed=is_agreed)

    @precondition(lambda self: self.cases)
    @rule(place=which, owner=st.sampled_from(["ayse.k", "elvin.m"]))
    def hand_over(self, place: int, owner: str) -> None:
        case = self._case(place)
        if self._take(case, "hand-overs", {"owner": owner}):
            assert owner != case.owner
            case.owner = owner

    @rule(wait=hours)
    def wait(self, wait: int) -> None:
        self.now += wait * HOUR
        self.traveller.move_to(self.now)

    @rule()
    def worker(self) -> None:
        while work(self.api):
            pass

    @invariant()
    def each_is_in_one_state(self) -> None:
        listed: dict[str, list[str]] = {}
        for state in PromiseState if self.cases else ():
            found = self.api.get("/v1/promises", params={"kind": self.kind, "state": state.value})
            for row in found.json()["data"]:
                listed.setdefault(row["id"], []).append(state.value)
                assert row["state"] == state.value
        expected = {case.id: [case.life.state(self.now).value] for case in self.cases}
        assert listed == expected

    def recount(self) -> tuple[Counter[str], Counter[str]]:
        """What the events say, by figure of the report, of us and of customers."""
        ours, theirs = Counter[str](), Counter[str]()
        for case in self.cases:
            events = history(self.api, {"id": case.id})
            last = PromiseState(events[-1]["state"])
            if last in UNFINISHED:
                is_over = datetime.fromisoformat(events[-1]["due_at"]) < self.now
                last = PromiseState.OVERDUE if is_over else PromiseState.OPEN
            counted = ours if case.life.promised_by is Promiser.US else theirs
            counted[DUE[last]] += 1
            broken = Counter(event["due_at"] for event in events if event["kind"] == "broken")
            assert set(broken.values()) <= {1}  # once for each date
            ended = case.life.kept_at or case.life.cancelled_at
            if last not in UNFINISHED and ended is not None and ended > case.life.due_at:
                assert broken[events[-1]["due_at"]] == 1
                assert is_broken(last, case.life.promised_by)
            assert [event["number"] for event in events] == list(range(1, len(events) + 1))
        return ours, theirs

    @precondition(lambda self: self.cases)
    @rule()
    def report(self) -> None:
        for side, counted in zip(Promiser, self.recount(), strict=True):
            report = kept_report(self.api, by="kind", promised_by=side.value)
            groups = [group for group in report["groups"] if group["key"] == self.kind]
            shown = (
                groups[0] if groups else dict.fromkeys([*DUE.values(), "counted"], 0) | {"kept_rate": None}
            )
            assert {name: shown[name] for name in set(DUE.values())} == {
                name: counted[name] for name in set(DUE.values())
            }
            own, other = "cancelled_by_us", "cancelled_by_customer"
            if side is Promiser.CUSTOMER:
                own, other = other, own
            found = Outcomes(
                counted["on_time"], counted["late"], counted["overdue"], counted[own], counted[other]
            )
            assert (shown["counted"], shown["kept_rate"]) == (found.counted, kept_rate(found).share)


def test_promises_live(api_with: Callable[..., Api]) -> None:
    machine = type("LifeOverHttp", (Life,), {"api": api_with()})
    usual = settings(
        max_examples=8,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=usual)
