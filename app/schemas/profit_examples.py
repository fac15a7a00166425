"""What reports of profit look like, shortened: those of the demo on 24 November 2026."""

from typing import Any

PROFIT: dict[str, Any] = {
    "method": "profit",
    "as_of": "2026-11-24",
    "is_current": True,
    "window": {"start": "2025-11-23T21:00:00Z", "end": "2026-11-23T21:00:00Z"},
    "not_counted": ["compensation"],
    "unknown": {"goods": 1708, "contacts": 0, "returns": 0},
    "n": 2621,
    "known": 913,
    "coverage_customers": 0.34834,
    "coverage_revenue": 0.124972,
    "revenue": {"amount": "4328117.94", "currency": "TRY"},
    "goods": {"amount": "2830865.79", "currency": "TRY"},
    "serve": {"amount": "24068.54", "currency": "TRY"},
    "profit": {"amount": "1473183.61", "currency": "TRY"},
    "serve_share": 0.005561,
    "unprofitable": 13,
    "loss": {"amount": "-1039.82", "currency": "TRY"},
    "whale": [
        {"customer_share": 0.0, "profit_share": 0.0},
        {"customer_share": 0.199343, "profit_share": 0.681602},
        {"customer_share": 0.499452, "profit_share": 0.906345},
        {"customer_share": 1.0, "profit_share": 1.0},
    ],
    "peak_share": 1.000706,
    "tiers": [
        {
            "tier": "A",
            "n": 679,
            "known": 81,
            "revenue": {"amount": "2068424.88", "currency": "TRY"},
            "serve": {"amount": "3694.81", "currency": "TRY"},
            "serve_share": 0.001786,
            "profit": {"amount": "695273.34", "currency": "TRY"},
            "unprofitable": 0,
        },
        {
            "tier": "B",
            "n": 810,
            "known": 231,
            "revenue": {"amount": "1417765.03", "currency": "TRY"},
            "serve": {"amount": "7857.51", "currency": "TRY"},
            "serve_share": 0.005542,
            "profit": {"amount": "492306.76", "currency": "TRY"},
            "unprofitable": 0,
        },
        {
            "tier": "C",
            "n": 1132,
            "known": 601,
            "revenue": {"amount": "841928.03", "currency": "TRY"},
            "serve": {"amount": "12516.22", "currency": "TRY"},
            "serve_share": 0.014866,
            "profit": {"amount": "285603.51", "currency": "TRY"},
            "unprofitable": 13,
        },
    ],
    "channels": [
        {
            "channel": "email",
            "contacts": 345,
            "seconds": 0,
            "untimed": 345,
            "unit_cost": {"per_contact": "18", "per_minute": "0"},
            "cost": {"amount": "6210.00", "currency": "TRY"},
        },
        {
            "channel": "phone",
            "contacts": 2313,
            "seconds": 547375,
            "untimed": 406,
            "unit_cost": {"per_contact": "0", "per_minute": "8.5"},
            "cost": {"amount": "77544.73", "currency": "TRY"},
        },
    ],
    "channels_without_cost": [],
    "returns": {
        "count": 760,
        "unit_cost": {"per_contact": "60", "per_minute": "0"},
        "cost": {"amount": "45600.00", "currency": "TRY"},
    },
    "top_losses": [
        {
            "id": "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a15",
            "name": "İlknur Altıntaş",
            "tier": "C",
            "revenue": {"amount": "-1168.11", "currency": "TRY"},
            "serve": {"amount": "120.00", "currency": "TRY"},
            "profit": {"amount": "-502.66", "currency": "TRY"},
        }
    ],
}

CUSTOMER: dict[str, Any] = {
    "as_of": "2026-11-24",
    "window": {"start": "2025-11-23T21:00:00Z", "end": "2026-11-23T21:00:00Z"},
    "tier": "B",
    "not_counted": ["compensation"],
    "unknown": [],
    "revenue": {"amount": "5590.14", "currency": "TRY"},
    "goods": {"amount": "3361.77", "currency": "TRY"},
    "channels": [
        {
            "channel": "phone",
            "contacts": 1,
            "seconds": 225,
            "untimed": 0,
            "unit_cost": {"per_contact": "0", "per_minute": "8.5"},
            "cost": {"amount": "31.88", "currency": "TRY"},
        }
    ],
    "returns": {
        "count": 0,
        "unit_cost": {"per_contact": "60", "per_minute": "0"},
        "cost": {"amount": "0.00", "currency": "TRY"},
    },
    "serve": {"amount": "31.88", "currency": "TRY"},
    "serve_share": 0.005703,
    "profit": {"amount": "2196.49", "currency": "TRY"},
}
