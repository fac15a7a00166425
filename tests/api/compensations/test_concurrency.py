"""Many at once on both databases: no budget and no limit is passed by a minor unit, one approval wins."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID

from compensation_helpers import complaint, give, lira, put, set_limits, set_up
from sqlalchemy import func, select
from support import Api

from app.domain.common.access import Actor
from app.errors import AppError
from app.schemas.compensations.compensations import CompensationCreate, RequestDecision
from app.services.compensations import grants, requests
from app.store.engine import Store
from app.store.tables import Compensation
from app.store.types import now

AT_ONCE = 16


def all_at_once(acts: Iterable[Callable[[], Any]]) -> Counter[str]:
    """What became of acts that begin together, a few at each moment: ``done``, or the code of the refusal."""
    gate = threading.Event()

    def run(act: Callable[[], Any]) -> str:
        gate.wait()
        try:
            act()
        except AppError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(AT_ONCE) as threads:
        waiting = [threads.submit(run, act) for act in acts]
        gate.set()
        return Counter(one.result() for one in waiting)


def spent(store: Store) -> int:
    """The sum of the ledger."""
    total = select(func.coalesce(func.sum(Compensation.cost_minor), 0))
    return int(store.read_sync(lambda tx: tx.execute(total).scalar_one()))


def voucher(amount: str) -> CompensationCreate:
    return CompensationCreate.model_validate({"kind": "voucher", "amount": lira(amount)})


def test_200_at_once_never_pass_a_budget(api: Api, store: Store, actor: Actor) -> None:
    set_up(api)
    set_limits(api, "voucher", clerk=("200.00", None, None))
    month = f"{actor.company.day_of(now()):%Y-%m}"
    put(api, f"/v1/compensation-budgets/izmir/{month}", {"amount": lira("100.00")})
    cases = [UUID(complaint(api)["id"]) for _ in range(200)]

    def act(place: int, case: UUID) -> Callable[[], Any]:
        somebody = replace(actor, agent=("ayse.k", "can.y")[place % 2])
        amount = voucher(("3.07", "7.01", "0.99")[place % 3])
        return lambda: store.write_sync(grants.give_for_complaint, somebody, case, amount, "*")

    became = all_at_once(act(place, case) for place, case in enumerate(cases))
    assert set(became) == {"done", "budget_exhausted"}
    assert sum(became.values()) == 200
    assert 10_000 - 99 < spent(store) <= 10_000
    budget = api.get(f"/v1/compensation-budgets/izmir/{month}").json()
    totals = [api.get(f"/v1/complaints/{case}").json()["compensation"] for case in cases]
    shown = sum(round(float(total["amount"]) * 100) for total in totals if total is not None)
    assert shown == spent(store) == round(float(budget["spent"]["amount"]) * 100)


def test_one_agent_at_many_desks_never_passes_the_day(api: Api, store: Store, actor: Actor) -> None:
    set_up(api)
    cases = [UUID(complaint(api)["id"]) for _ in range(40)]
    clerk = replace(actor, agent="ayse.k")

    def act(case: UUID) -> Callable[[], Any]:
        return lambda: store.write_sync(grants.give_for_complaint, clerk, case, voucher("30.00"), "*")

    assert all_at_once(act(case) for case in cases) == {"done": 40}  # given, or asked for
    assert spent(store) == 16 * 30_00
    open_ = api.get("/v1/compensation-requests?state=open&limit=200").json()["data"]
    assert len(open_) == 24
    assert {request["above"] for request in open_} == {"day"}


def test_of_100_approvals_one_wins(api: Api, store: Store, actor: Actor) -> None:
    set_up(api)
    asked = give(api, complaint(api), "900.00").json()
    reason = RequestDecision(reason="Of course.")

    def act(place: int) -> Callable[[], Any]:
        somebody = replace(actor, agent=("lead.i", "nermin.b")[place % 2])
        step = requests.deny if place % 10 == 9 else requests.approve
        return lambda: store.write_sync(step, somebody, UUID(asked["id"]), reason, "*")

    assert all_at_once(map(act, range(100))) == {"done": 1, "already_decided": 99}
    became = api.get(f"/v1/compensation-requests/{asked['id']}").json()
    assert spent(store) == (900_00 if became["state"] == "approved" else 0)
    assert len(api.get("/v1/compensations").json()["data"]) == (became["state"] == "approved")
