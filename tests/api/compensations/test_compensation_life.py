"""Whatever happens in whatever order on both databases: limits and budgets hold, and all sums agree."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from compensation_helpers import LIMITS, by, complaint, lira, put, set_up
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from support import Api

from app.domain.common.access import Actor
from app.services.compensations import requests
from app.store.engine import Store

BEGIN = datetime(2026, 3, 10, 9, tzinfo=UTC)
BUDGET = Decimal("2500.00")
AMOUNTS = st.sampled_from(["20.00", "150.00", "199.99", "450.00", "990.00", "1500.00"])
CLERKS = st.sampled_from(["ayse.k", "can.y", "lead.i", "nermin.b", "omer.m"])
APPROVERS = st.sampled_from(["lead.i", "nermin.b", "omer.m", "ayse.k", "lead.b"])
ROLES = {
    "ayse.k": "clerk",
    "can.y": "clerk",
    "lead.i": "team_lead",
    "nermin.b": "manager",
    "omer.m": "manager",
}
REFUSED = {403, 409, 412}


class Life(RuleBasedStateMachine):
    """A company at whose desks all happens that can."""

    api: Api
    store: Store
    actor: Actor
    ended_at = BEGIN

    def __init__(self) -> None:
        super().__init__()
        self.at, self.keys = self.ended_at, 0  # after the lives before it, in the same company
        self.complaints = [complaint(self.api, external_id=None)["id"] for _ in range(3)]
        self.requests: dict[str, str] = {}
        self.known = {one["id"] for one in self.all("compensations")}

    def all(self, path: str) -> list[dict[str, Any]]:
        found, cursor = [], ""
        while True:
            page = self.api.get(f"/v1/{path}?limit=200{cursor}").json()
            found += page["data"]
            if not page["has_more"]:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    def send(self, path: str, body: Any, agent: str, again: bool) -> Any:
        """POST once, or as a client that heard no answer and repeats."""
        self.keys += 1
        headers = by(agent, "*", f"{id(self)}-{self.keys}")
        with time_machine.travel(self.at, tick=True):
            answer = self.api.post(path, json=body, headers=headers)
            if again and answer.status_code < 300:
                repeated = self.api.post(path, json=body, headers=headers)
                assert (repeated.status_code, repeated.json()) == (answer.status_code, answer.json())
        assert answer.status_code in {201, 202} | REFUSED, answer.text
        return answer

    @rule(case=st.integers(0, 2), amount=AMOUNTS, agent=CLERKS, again=st.booleans())
    def give(self, case: int, amount: str, agent: str, again: bool) -> None:
        path = f"/v1/complaints/{self.complaints[case]}/compensations"
        answer = self.send(path, {"kind": "voucher", "amount": lira(amount)}, agent, again)
        if answer.status_code == 202:
            self.requests[answer.json()["id"]] = agent

    @precondition(lambda self: self.requests)
    @rule(
        data=st.data(), agent=APPROVERS, step=st.sampled_from(["approvals", "denials"]), again=st.booleans()
    )
    def decide(self, data: Any, agent: str, step: str, again: bool) -> None:
        request = data.draw(st.sampled_from(sorted(self.requests)))
        path = f"/v1/compensation-requests/{request}/{step}"
        self.send(path, {"reason": "So be it."}, agent, again)

    @rule(data=st.data(), agent=CLERKS, again=st.booleans())
    def reverse(self, data: Any, agent: str, again: bool) -> None:
        mine = sorted(one["id"] for one in self.all("compensations"))
        if mine:
            path = f"/v1/compensations/{data.draw(st.sampled_from(mine))}/reversals"
            self.send(path, {"reason": "A mistake."}, agent, again)

    @rule(minutes=st.sampled_from([5, 61, 300]))
    def wait(self, minutes: int) -> None:
        self.at += timedelta(minutes=minutes)
        type(self).ended_at = self.at

    @rule()
    def work(self) -> None:
        self.store.write_sync(requests.advance, self.actor, self.at, 10)

    @invariant()
    def all_agree(self) -> None:
        with time_machine.travel(self.at, tick=False):
            ledger, asked = self.all("compensations"), self.all("compensation-requests")
            cases = {one["id"]: one["compensation"] for one in self.all("complaints")}
            budget = self.api.get("/v1/compensation-budgets/izmir/2026-03").json()
        costs = [(one, Decimal(one["cost"]["amount"])) for one in ledger]
        for case, shown in cases.items():
            total = sum(cost for one, cost in costs if one["complaint_id"] == case)
            assert Decimal(shown["amount"]) == total if shown else total == 0
        of_izmir = sum(cost for one, cost in costs if one["unit"] == "izmir")
        assert Decimal(budget["spent"]["amount"]) == of_izmir <= BUDGET
        days: dict[Any, Decimal] = defaultdict(Decimal)
        for one, cost in costs:
            days[one["authority"], one["on"]] += cost
            per_case = Decimal(LIMITS[ROLES[one["authority"]]][0])
            assert cost <= per_case
        for (agent, _), total in days.items():
            per_day = LIMITS[ROLES[agent]][1]
            assert per_day is None or total <= Decimal(per_day)
        granted = {one["request_id"]: one for one in ledger if one["request_id"] and not one["reverses_id"]}
        approved = [one for one in asked if one["state"] == "approved"]
        assert granted.keys() == {one["id"] for one in approved}
        for one in approved:
            assert one["decided_by"] not in (None, one["agent"])
            assert granted[one["id"]]["authority"] == one["decided_by"]
        for one in asked:
            is_over = self.at >= datetime.fromisoformat(one["expires_at"])
            assert one["state"] != "open" or not is_over
            assert one["state"] != "expired" or is_over
        taken = [one["reverses_id"] for one in ledger if one["reverses_id"]]
        assert len(taken) == len(set(taken))


@pytest.mark.parametrize("at_deadline", ["fallback", "refuse"])
def test_life(api: Api, store: Store, actor: Actor, at_deadline: str) -> None:
    with time_machine.travel(BEGIN, tick=True):
        set_up(api, decision_minutes=60, at_deadline=at_deadline, fallback_role="manager")
        put(api, "/v1/compensation-budgets/izmir/2026-03", {"amount": lira(str(BUDGET))})
    members = {"api": api, "store": store, "actor": actor}
    checked = settings(
        max_examples=6,
        stateful_step_count=15,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    run_state_machine_as_test(type("OneLife", (Life,), members), settings=checked)
