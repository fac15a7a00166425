"""The whole life of complaints over HTTP, in any order of steps by several people, on both databases."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from complaint_lives import agent, category, cause, complaint, history, take, unit
from hypothesis import HealthCheck
from hypothesis import settings as state_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from support import Api

DESK = "complaints-desk"
UNITS = ["izmir", "baki"]
AGENTS = {"ayse.k": "izmir", "elvin.m": "baki"}
KINDS = dict.fromkeys(AGENTS, "agent") | dict.fromkeys([*UNITS, DESK], "queue")
DEMANDED = {"apology", "fix"}

# The table of states, written out once more: state -> step -> state after it.
WORK = {"waits": "waiting_customer", "resolutions": "resolved"}
ALLOWED: dict[str, dict[str, str]] = {
    "open": {"acknowledgements": "acknowledged", "starts": "in_progress", **WORK},
    "acknowledged": {"starts": "in_progress", **WORK},
    "in_progress": WORK,
    "waiting_customer": {"starts": "in_progress", "resolutions": "resolved"},
    "resolved": {
        "confirmed": "confirmed",
        "refused": "in_progress",
        "closings": "closed",
        "reopenings": "in_progress",
    },
    "confirmed": {"closings": "closed", "reopenings": "in_progress"},
    "closed": {"reopenings": "in_progress"},
}
BODIES: dict[str, dict[str, Any]] = {
    "resolutions": {"resolution": "Sent anew."},
    "reopenings": {"reason": "Came open again."},
    "fixes": {"text": "Sent anew.", "cost": {"amount": "9.90", "currency": "TRY"}},
    "causes": {"cause": "packaging", "fault": "us"},
    "preventions": {"text": "Pad it.", "responsible": "ayse.k", "due_on": "2035-01-01"},
    "confirmed": {"answer": "confirmed"},
    "refused": {"answer": "refused"},
}
MOVES = sorted({step for steps in ALLOWED.values() for step in steps})
DONE = {"apologies": "apology", "fixes": "fix", "causes": "cause", "preventions": "prevention"}

which = st.integers(min_value=0, max_value=1)
who = st.sampled_from([None, *AGENTS])


class Case:
    """A complaint as it must be."""

    def __init__(self, path: str, owner: str, by: str | None) -> None:
        self.path, self.state, self.owner = path, "open", owner
        self.is_accepted = owner == by
        self.owners = [owner]
        self.reopened, self.events, self.shown = 0, 1, set[str]()

    def give(self, owner: str, *, is_accepted: bool) -> None:
        self.owner, self.is_accepted = owner, is_accepted
        self.owners.append(owner)


class Life(RuleBasedStateMachine):
    """Two complaints, two people and a system that act on them; what is not allowed changes nothing."""

    api: Api

    def __init__(self) -> None:
        super().__init__()
        self.product = uuid4().hex  # tells this run's complaints from those of others
        self.cases = [self._record("izmir", None), self._record("ayse.k", "ayse.k")]

    def _record(self, owner: str, by: str | None) -> Case:
        body = {"subject": "x", "owner": owner, "category": "delivery", "product": self.product}
        body |= {"customer": {"system": "crm", "key": "C-1"}, "create_missing": True}
        made = self.api.post("/v1/complaints", json=body, headers={} if by is None else {"Vefa-Agent": by})
        assert made.status_code == 201, made.text
        return Case(f"/v1/complaints/{made.json()['id']}", owner, by)

    def _expect(self, answer: Any, case: Case, code: str | None, status: int = 409) -> bool:
        """Whether it was taken; if not, it was refused with ``code``."""
        if code is None:
            assert answer.status_code == 201, answer.text
            case.events += 1
            return True
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        return False

    @rule(which=which, step=st.sampled_from(MOVES), by=who)
    def move(self, which: int, step: str, by: str | None) -> None:
        case = self.cases[which]
        code = None if step in ALLOWED[case.state] else "illegal_step"
        if code is None and step == "closings" and not case.shown >= DEMANDED:
            code = "steps_missing"
        name = "answers" if step in ("confirmed", "refused") else step
        if self._expect(take(self.api, case.path, name, by, **BODIES.get(step, {})), case, code):
            case.state = ALLOWED[case.state][step]
            case.reopened += step in ("reopenings", "refused")

    @rule(which=which, step=st.sampled_from(sorted(DONE)), by=who)
    def do(self, which: int, step: str, by: str | None) -> None:
        case = self.cases[which]
        code = "validation_failed" if case.state == "closed" else None
        if self._expect(take(self.api, case.path, step, by, **BODIES.get(step, {})), case, code, 422):
            case.shown.add(DONE[step])

    @rule(which=which, owner=st.sampled_from(sorted(KINDS)), by=who)
    def hand_over(self, which: int, owner: str, by: str | None) -> None:
        case = self.cases[which]
        code = "conflict" if owner == case.owner else None
        if self._expect(take(self.api, case.path, "hand-overs", by, owner=owner), case, code):
            case.give(owner, is_accepted=owner == by)

    @rule(which=which, by=who)
    def claim(self, which: int, by: str | None) -> None:
        case = self.cases[which]
        code = "already_owned" if KINDS[case.owner] == "agent" else None
        answer = take(self.api, case.path, "claims", by)
        if by is None:
            self._expect(answer, case, "agent_needed", 403)
        elif self._expect(answer, case, code):
            case.give(by, is_accepted=True)

    @rule(which=which, by=st.sampled_from(sorted(AGENTS)))
    def accept(self, which: int, by: str) -> None:
        case = self.cases[which]
        code = "not_yours" if case.owner != by else "already_accepted" if case.is_accepted else None
        if self._expect(take(self.api, case.path, "acceptances", by), case, code):
            case.is_accepted = True

    @rule(which=which, by=st.sampled_from(sorted(AGENTS)))
    def give_back(self, which: int, by: str) -> None:
        case = self.cases[which]
        code = "not_yours" if case.owner != by else "already_accepted" if case.is_accepted else None
        if self._expect(take(self.api, case.path, "returns", by), case, code):
            before = next((one for one in reversed(case.owners) if one != by), AGENTS[by])
            case.give(before, is_accepted=KINDS[before] == "agent")

    @rule(which=which, by=st.sampled_from(sorted(AGENTS)))
    def release(self, which: int, by: str) -> None:
        case = self.cases[which]
        code = None if case.owner == by else "not_yours"
        if self._expect(take(self.api, case.path, "releases", by), case, code):
            case.give(AGENTS[by], is_accepted=False)

    @rule(by=st.sampled_from(sorted(AGENTS)))
    def stop_and_come_back(self, by: str) -> None:
        """What a person owns goes to the queue of their unit, and stays there when they are active again."""
        stopped = self.api.post(f"/v1/agents/{by}/deactivations", json={})
        assert stopped.status_code in (200, 201), stopped.text
        assert take(self.api, self.cases[0].path, "notes", by, note="x").json()["code"] == "unknown_agent"
        agent(self.api, by, is_active=True)
        for case in self.cases:
            if case.owner == by and case.state != "closed":
                case.events += 1
                case.give(AGENTS[by], is_accepted=False)

    @rule(which=which)
    def note_twice_with_one_key(self, which: int) -> None:
        case, key = self.cases[which], uuid4().hex
        first, again = (
            self.api.post(f"{case.path}/notes", json={"note": "x"}, headers={"Idempotency-Key": key})
            for _ in range(2)
        )
        assert (first.status_code, first.content) == (201, again.content)
        case.events += 1

    @rule(which=which)
    def act_on_a_version_that_is_gone(self, which: int) -> None:
        case = self.cases[which]
        headers = {"If-Match": f'"{case.events + 1}"'}
        assert self.api.post(f"{case.path}/apologies", json={}, headers=headers).status_code == 412

    @invariant()
    def complaints_are_as_their_steps_made_them(self) -> None:
        for case in self.cases:
            row = self.api.get(case.path).json()
            assert (row["state"], row["owner"], row["owner_kind"]) == (
                case.state,
                case.owner,
                KINDS[case.owner],
            )
            assert (row["accepted_at"] is not None) == case.is_accepted
            assert (row["reopened_count"], row["version"]) == (case.reopened, case.events)

    def teardown(self) -> None:
        for case in self.cases:
            self._history_tells_it(case)
            shown = self.api.get(f"{case.path}/recovery-steps?limit=200").json()["data"]
            assert {step["kind"] for step in shown} - {"answer"} == case.shown
        self._lists_count_them()

    def _history_tells_it(self, case: Case) -> None:
        row, told = self.api.get(case.path).json(), history(self.api, case.path)
        assert [event["number"] for event in told] == list(range(1, case.events + 1))
        assert retold(told) == {name: row[name] for name in retold(told)}
        moved = [event for event in told if event["kind"] not in (*STILL, "noted", "changed")]
        at = [datetime.fromisoformat(event["at"]) for event in moved]
        assert at == sorted(at)
        assert all(event["owner_kind"] == KINDS[event["owner"]] for event in told)

    def _lists_count_them(self) -> None:
        """Lists by each filter count what the complaints say, and what the customer's overview counts."""

        def count(**filters: str) -> int:
            answer = self.api.get("/v1/complaints", params={"product": self.product, **filters})
            return len(answer.json()["data"])

        for state in ALLOWED:
            assert count(state=state) == sum(case.state == state for case in self.cases)
        for kind in ("agent", "queue"):
            assert count(owner_kind=kind) == sum(KINDS[case.owner] == kind for case in self.cases)
        assert count(reopened="true") == sum(case.reopened > 0 for case in self.cases)
        lacking = [case for case in self.cases if case.state != "closed" and not case.shown >= DEMANDED]
        assert count(steps_missing="true") == len(lacking)
        everybody = self.api.get("/v1/complaints?open=true&limit=200").json()["data"]
        customer_id = self.api.get(self.cases[0].path).json()["customer_id"]
        overview = self.api.get(f"/v1/customers/{customer_id}/overview").json()
        assert overview["open_complaints_count"] == len(everybody)


STILL = ("apologised", "fixed", "cause_found", "prevention_planned", "prevention_done")
TAKEN = ("accepted", "claimed")


def retold(events: list[dict[str, Any]]) -> dict[str, Any]:
    """What a complaint must be according to its events."""
    row: dict[str, Any] = dict.fromkeys(("acknowledged_at", "resolved_at", "confirmed_at", "closed_at"))
    row["reopened_count"] = 0
    for event in events:
        row |= {name: event[name] for name in ("state", "owner", "owner_kind")}
        row |= {"updated_at": event["recorded_at"], "version": event["number"]}
        match event["kind"]:
            case "acknowledged":
                row["acknowledged_at"] = row["acknowledged_at"] or event["at"]
            case "resolved" | "confirmed" | "closed":
                row[f"{event['kind']}_at"] = event["at"]
            case "reopened" | "refused":
                row |= dict.fromkeys(("resolved_at", "confirmed_at", "closed_at"))
                row["reopened_count"] += 1
    return row


def test_any_life_is_legal_has_one_owner_and_is_told_by_its_events(api: Api) -> None:
    for name in UNITS:
        unit(api, name)
    for name, own in AGENTS.items():
        agent(api, name, unit=own)
    cause(api, "packaging")
    category(api, "delivery", demanded_steps=sorted(DEMANDED))
    complaint(api)

    class Here(Life):
        pass

    Here.api = api
    run_state_machine_as_test(
        Here,
        settings=state_settings(
            max_examples=8, stateful_step_count=30, suppress_health_check=list(HealthCheck)
        ),
    )
