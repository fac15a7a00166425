"""Descriptions of profit and share of wallet."""

from decimal import Decimal

import numpy as np

from app.domain.methods.model import Example, Figures, Method, MethodKind
from app.domain.value.profit import Accounts, Costs, UnitCost, compute, peak_share, summary
from app.domain.value.share_of_wallet import share_of_wallet


def _profit(given: Figures) -> Figures:
    """Amounts are in the minor unit."""
    revenue, goods, compensation, returns = (
        np.array([given[name]], dtype=np.int64) for name in ("revenue", "goods", "compensation", "returns")
    )
    contacts, seconds, channels = {}, {}, {}
    for one in given["channels"]:
        contacts[one["channel"]] = np.array([one["contacts"]], dtype=np.int64)
        seconds[one["channel"]] = np.array([one["seconds"]], dtype=np.int64)
        channels[one["channel"]] = UnitCost(Decimal(one["per_contact"]), Decimal(one["per_minute"]))
    accounts = Accounts(revenue, goods, compensation, returns, contacts=contacts, seconds=seconds)
    found = compute(accounts, Costs(channels, Decimal(given["return_handling"])))
    whole = summary(accounts, found)
    return {
        "profit": whole.profit_minor,
        "serve": whole.serve_minor,
        "serve_share": whole.serve_share,
        "peak_share_of_profits": peak_share(np.array(given["profits"], dtype=np.int64)),
    }


def _wallet(given: Figures) -> Figures:
    own, total = (np.array(given[name], dtype=np.int64) for name in ("here", "in_all"))
    found = share_of_wallet(own, total)
    return {
        "n": found.n,
        "contradicted": found.contradicted,
        "overall": found.overall,
        "median": found.median,
        "open": found.open_minor,
    }


METHODS = (
    Method(
        code="profit",
        kind=MethodKind.PROFIT,
        title="Profit and cost to serve",
        formula=(
            "profit = revenue - cost of goods - cost to serve; cost to serve = sum over channels of contacts "
            "x unit cost + minutes x unit cost of one, + compensation + returns x unit cost of a return; "
            "whale curve: share of all profit earned by the most profitable customers"
        ),
        source="Kaplan and Narayanan 2001",
        documentation="/docs/formulas#profit",
        low=None,
        high=None,
        unit="money",
        example=Example(
            given={
                "revenue": 100_000,
                "goods": 60_000,
                "compensation": 5_000,
                "returns": 2,
                "return_handling": "1500",
                "channels": [
                    {
                        "channel": "phone",
                        "contacts": 12,
                        "seconds": 4_320,
                        "per_contact": "0",
                        "per_minute": "50",
                    },
                    {
                        "channel": "email",
                        "contacts": 4,
                        "seconds": 0,
                        "per_contact": "200",
                        "per_minute": "0",
                    },
                ],
                "profits": [500, 300, 200, -150, -250],
            },
            found={
                "profit": 27_600,
                "serve": 12_400,
                "serve_share": 0.124,
                "peak_share_of_profits": 1.666667,
            },
            compute=_profit,
        ),
        limits=(
            (
                "What is not known is not 0: a customer with an unknown cost has no profit; read the "
                "coverage first."
            ),
            "Unit costs are averages; compensation counts when it was given, less what was taken back.",
        ),
    ),
    Method(
        code="share_of_wallet",
        kind=MethodKind.SHARE_OF_WALLET,
        title="Share of wallet",
        formula=(
            "spent here / spent in the category in all; overall: sum over sum; totals below what was spent "
            "here are left out and counted"
        ),
        source="Cooil, Keiningham, Aksoy and Hsu 2007",
        documentation="/docs/formulas#share-of-wallet",
        low=0.0,
        high=1.0,
        unit="share",
        example=Example(
            given={"here": [300, 50, 80], "in_all": [1000, 100, 40]},
            found={"n": 2, "contradicted": 1, "overall": 0.318182, "median": 0.4, "open": 750},
            compute=_wallet,
        ),
        limits=("People tell round and late numbers: it serves comparison, not accounting.",),
    ),
)
