"""What churn reports look like, shortened: those of the demo on 24 November 2026."""

from typing import Any

from app.schemas.run_examples import PARAMETERS

CHURN: dict[str, Any] = {
    "method": "churn",
    "version": 2,
    "n": 3861,
    "ended_by_us": 0,
    "levels": [
        {
            "level": "healthy",
            "customers": 1220,
            "by_tier": {"A": 491, "B": 473, "C": 256, "none": 0},
            "value_at_risk": {"amount": "3655798.90", "currency": "TRY"},
        },
        {
            "level": "watch",
            "customers": 670,
            "by_tier": {"A": 82, "B": 181, "C": 407, "none": 0},
            "value_at_risk": {"amount": "2505012.34", "currency": "TRY"},
        },
        {
            "level": "at_risk",
            "customers": 357,
            "by_tier": {"A": 52, "B": 66, "C": 223, "none": 16},
            "value_at_risk": {"amount": "2287095.82", "currency": "TRY"},
        },
        {
            "level": "left",
            "customers": 1614,
            "by_tier": {"A": 54, "B": 90, "C": 246, "none": 1224},
            "value_at_risk": {"amount": "0.00", "currency": "TRY"},
        },
    ],
    "value_at_risk": {"amount": "8447907.06", "currency": "TRY"},
    "models": {
        "mbg_nbd": {
            "no_fit": None,
            "n": 3561,
            "warnings": [],
            "parameters": {"r": 0.58368, "alpha": 2.73923, "a": 0.754835, "b": 8.66395},
            "log_likelihood": -62536.3,
            "log_likelihood_without_dropout": -67235.1,
            "groups": 3087,
            "converged": True,
            "dropout_identified": True,
        },
        "contract": {
            "active_at_start": 203,
            "left": 11,
            "ended_by_us": 0,
            "joined": 26,
            "states": {"active": 190, "notice_given": 28, "lapsed": 17, "left": 65},
            "churn_rate": 0.0541872,
            "serving": {
                "model": "contract",
                "chosen_for": "2026-11-24",
                "contest": {
                    "serves": "contract",
                    "reason": "terms_unknown",
                    "opened_on": None,
                    "closed_on": None,
                    "trained_days": None,
                    "n": 0,
                    "entries": [],
                },
            },
        },
    },
    "serving": {
        "model": "logistic",
        "chosen_for": "2026-11-24",
        "contest": {
            "serves": "logistic",
            "reason": "won",
            "opened_on": "2026-08-26",
            "closed_on": "2026-11-24",
            "trained_days": 90,
            "n": 3250,
            "entries": [
                {
                    "code": "mbg_nbd",
                    "metrics": {
                        "n": 3250,
                        "base_rate": 0.665538,
                        "auc": 0.892334,
                        "auc_interval": {"low": 0.882382, "high": 0.903357},
                        "lift10": 1.49792,
                        "lift10_interval": {"low": 1.46215, "high": 1.53452},
                        "brier": 0.12384,
                        "brier_interval": {"low": 0.117219, "high": 0.130304},
                        "ece": 0.0110068,
                        "mean_p": 0.675554,
                        "calibration": [{"n": 325, "mean_p": 0.9993, "share": 0.996923}],
                    },
                    "missing": None,
                },
                {
                    "code": "logistic",
                    "metrics": {
                        "n": 3250,
                        "base_rate": 0.665538,
                        "auc": 0.893266,
                        "auc_interval": {"low": 0.881534, "high": 0.905257},
                        "lift10": 1.49792,
                        "lift10_interval": {"low": 1.45682, "high": 1.52873},
                        "brier": 0.123496,
                        "brier_interval": {"low": 0.116224, "high": 0.129526},
                        "ece": 0.0130743,
                        "mean_p": 0.675554,
                        "calibration": [{"n": 325, "mean_p": 0.998905, "share": 0.996923}],
                    },
                    "missing": None,
                },
            ],
        },
    },
    "limits": [],
    "ece": 0.0130743,
    "calibrated": True,
    "backtest": {
        "cut_on": "2026-08-25",
        "horizon_days": 90,
        "n": 3250,
        "excluded_new": 311,
        "no_fit": None,
        "model": {
            "n": 3250,
            "base_rate": 0.665538,
            "auc": 0.892334,
            "auc_interval": {"low": 0.882382, "high": 0.903357},
            "lift10": 1.49792,
            "lift10_interval": {"low": 1.46215, "high": 1.53452},
            "brier": 0.12384,
            "brier_interval": {"low": 0.117219, "high": 0.130304},
            "ece": 0.0110068,
            "mean_p": 0.675554,
            "calibration": [{"n": 325, "mean_p": 0.9993, "share": 0.996923}],
        },
        "recency": {
            "n": 3250,
            "base_rate": 0.665538,
            "auc": 0.864825,
            "auc_interval": {"low": 0.851102, "high": 0.87804},
            "lift10": 1.46093,
            "lift10_interval": {"low": 1.42586, "high": 1.51389},
            "brier": None,
            "brier_interval": None,
            "ece": None,
            "mean_p": None,
            "calibration": [],
        },
    },
    "run_id": "01930a3e-2f6b-7c11-9a52-0d9c1f8f7c20",
    "as_of": "2026-11-24",
    "is_current": True,
    "parameters": PARAMETERS,
    "top": [
        {
            "id": "01a21259-c63a-7700-a308-3a293715d0e1",
            "name": "Çınar Enerji Ltd. Şti.",
            "level": "at_risk",
            "probability": 0.99,
            "value_at_risk": {"amount": "270814.75", "currency": "TRY"},
        }
    ],
}

CUSTOMER_CHURN: dict[str, Any] = {
    "customer_id": "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10",
    "run_id": "01930a3e-2f6b-7c11-9a52-0d9c1f8f7c20",
    "as_of": "2026-11-24",
    "level": "healthy",
    "probability": 0.28,
    "horizon_days": 90,
    "value_at_risk": {"amount": "1565.24", "currency": "TRY"},
    "model": "logistic",
    "version": 2,
    "calibrated": True,
    "ece": 0.0130743,
    "n": 3561,
    "reasons": [
        {
            "code": "open_complaint",
            "value": 1.0,
            "baseline": 0.0,
            "contribution": 0.5,
            "sentence": "Open complaints: 1.",
        }
    ],
    "explanation": {
        "log_odds": -0.956825,
        "mean_log_odds": 1.76051,
        "contributions": [
            {
                "code": "purchase_pattern",
                "value": 0.0,
                "baseline": 3.0,
                "contribution": -2.94403,
                "sentence": "Last purchase 0 days ago; purchase days so far: 3. This lowers the risk.",
            },
            {
                "code": "solved_complaints",
                "value": 1.0,
                "baseline": 0.0,
                "contribution": 0.153338,
                "sentence": "Complaints solved so far: 1. This raises the risk.",
            },
            {
                "code": "open_complaints",
                "value": 1.0,
                "baseline": 0.0,
                "contribution": 0.140267,
                "sentence": "Open complaints: 1. This raises the risk.",
            },
            {
                "code": "spend_level",
                "value": 234.219,
                "baseline": 100.0,
                "contribution": -0.0583005,
                "sentence": "Spends 234% of the median customer's amount on a "
                "purchase day. This hardly matters.",
            },
            {
                "code": "satisfaction",
                "value": 82.5,
                "baseline": 74.8519,
                "contribution": -0.0485939,
                "sentence": "The last satisfaction score was 82 of 100; the "
                "mean of all customers is 75. This hardly "
                "matters.",
            },
            {
                "code": "refunds",
                "value": 0.0,
                "baseline": 0.0,
                "contribution": 0.0198795,
                "sentence": "Refunds and cancellations: 0. This hardly matters.",
            },
            {
                "code": "satisfaction_fall",
                "value": None,
                "baseline": None,
                "contribution": 0.0170847,
                "sentence": "There are no two survey answers to compare. This hardly matters.",
            },
            {
                "code": "contacts",
                "value": 1.0,
                "baseline": 0.0,
                "contribution": 0.00517125,
                "sentence": "Contacts the customer began in the last 90 days: 1. This hardly matters.",
            },
            {
                "code": "unresolved_complaint",
                "value": 1.0,
                "baseline": 0.0,
                "contribution": -0.00135938,
                "sentence": "The oldest open complaint has been waiting for 1 day. This hardly matters.",
            },
            {
                "code": "spend_trend",
                "value": None,
                "baseline": None,
                "contribution": -0.000790988,
                "sentence": "No purchases in both of the last two periods of "
                "90 days to compare. This hardly matters.",
            },
        ],
    },
    "history": [
        {
            "run_id": "01930a3e-2f6b-7c11-9a52-0d9c1f8f7c20",
            "as_of": "2026-11-24",
            "level": "healthy",
            "probability": 0.28,
            "model": "logistic",
        }
    ],
}
