"""What passes between the demo company and its customers: contacts and complaints.

The model is stated in docs/demo.md, steps 13 and 14. Texts are in the customer's language.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import numpy as np

from app.demo.model import (
    BRANCHES,
    BoolArray,
    Calendar,
    DateTimeArray,
    DemoModel,
    FloatArray,
    IntArray,
    Latent,
    pick,
    stream,
)

AGENTS: Final = (
    ("istanbul", ("ayse.k", "mehmet.t", "elif.s", "can.y", "zehra.d", "burak.o")),
    ("ankara", ("fatma.a", "emre.c", "selin.g")),
    ("izmir", ("deniz.u", "hakan.b", "gul.e")),
    ("antalya", ("okan.p", "seda.v")),
    ("baku", ("leyla.m", "rashad.h", "nigar.q")),
    ("gence", ("tural.i", "aysel.r")),
)
# Channel of a contact, its share, and whether seconds are known.
CHANNELS: Final = (
    ("phone", 0.46, True),
    ("app", 0.16, False),
    ("chat", 0.14, True),
    ("email", 0.12, False),
    ("store", 0.07, False),
    ("social", 0.05, False),
)
PHASES: Final = (("before", 0.20), ("during", 0.25), ("after", 0.55))
PURPOSES: Final = {
    "before": (("question", 0.7), ("order", 0.3)),
    "during": (("order", 0.6), ("payment", 0.4)),
    "after": (("support", 0.6), ("question", 0.4)),
}
TOPICS: Final = {
    "question": "product",
    "order": "order",
    "payment": "payment",
    "support": "delivery",
    "complaint": "complaint",
    "follow_up": "follow_up",
}
# Category of a complaint, its share, how often it is our fault, and its subject by language.
FAILURES: Final = (
    ("late_delivery", 0.34, 0.7, ("Teslimat gecikti", "Çatdırılma gecikdi", "Delivery is late")),
    ("damaged", 0.22, 0.6, ("Ürün hasarlı geldi", "Məhsul zədəli gəldi", "Arrived damaged")),
    ("wrong_item", 0.14, 0.9, ("Yanlış ürün gönderildi", "Səhv məhsul göndərilib", "Wrong item was sent")),
    ("refund_delay", 0.13, 0.8, ("İade gecikti", "Geri ödəniş gecikdi", "Refund is late")),
    ("rude_service", 0.07, 0.5, ("Kaba davranış", "Kobud davranış", "Impolite service")),
    ("price", 0.10, 0.2, ("Fiyat farkı", "Qiymət fərqi", "Price differs")),
)
SUBJECT_LANGUAGES: Final = ("tr", "az", "en")
RESOLUTIONS: Final = {
    "tr": "Özür dilendi, sorun giderildi.",
    "az": "Üzr istənildi, problem həll olundu.",
    "en": "Apologised and put right.",
}
SEVERITIES: Final = (("low", 0.25), ("normal", 0.5), ("high", 0.2), ("critical", 0.05))


@dataclass(frozen=True, slots=True)
class Sales:
    """The purchases contacts are about: owner, day number and category, aligned; ``last`` marks those
    after which the customer dropped out."""

    owner: IntArray
    day: IntArray
    category: list[str]
    last: BoolArray


@dataclass(frozen=True, slots=True)
class Contacts:
    """Interactions in order of time, and complaints.

    ``interactions`` have the members of ``POST /v1/interactions``; ``owner``, ``at``, ``mood`` are aligned
    with them: whose it is, when it began, and what it does to the answers given after it. ``complaints``
    have the members of ``POST /v1/complaints`` and ``interaction``, a position in ``interactions``.
    """

    interactions: list[dict[str, Any]]
    owner: IntArray
    at: DateTimeArray
    mood: FloatArray
    complaints: list[dict[str, Any]]


def skills(seed: int) -> dict[str, float]:
    """How much better than others each agent leaves customers: standard normal, by agent code."""
    codes = [code for _, team in AGENTS for code in team]
    drawn = stream(seed, "agents").standard_normal(len(codes))
    return dict(zip(codes, drawn.tolist(), strict=True))


def draw_contacts(
    model: DemoModel, seed: int, calendar: Calendar, latent: Latent, language: list[str], sales: Sales
) -> Contacts:
    """Draw contacts before, during and after purchases, follow-ups, and complaints with their contacts.

    All lie before the last day, which may not be over yet.
    """
    rng = stream(seed, "contacts-with-customers")
    about = np.flatnonzero(rng.random(len(sales.owner)) < model.contact_share)
    phase = pick(rng, tuple(share for _, share in PHASES), len(about))
    shift = np.where(phase == 0, -rng.geometric(0.5, len(about)), 0)
    shift = np.where(phase == 2, rng.geometric(0.2, len(about)), shift)
    angry = _complaining(model, latent, sales, rng)
    followed = _follow_ups(model, calendar, latent, rng)
    owner = np.concatenate([sales.owner[about], sales.owner[angry], followed[0]])
    day = np.concatenate(
        [sales.day[about] + shift, sales.day[angry] + rng.geometric(0.2, len(angry)), followed[1]]
    )
    what = np.concatenate([phase, np.full(len(angry), 3), np.full(len(followed[0]), 4)])
    sale = np.concatenate([about, angry, np.full(len(followed[0]), -1)])
    joined, _ = calendar.locate(latent.joined_clock)
    kept = (day >= joined[owner]) & (day < calendar.days - 1)
    owner, day, what, sale = owner[kept], day[kept], what[kept], sale[kept]
    at = calendar.instants(day, rng.random(len(day)))
    order = np.lexsort((owner, at))
    owner, what, sale, at = owner[order], what[order], sale[order], at[order]
    interactions, mood = _interactions(seed, latent, owner, what, at)
    complaints = _complaints(seed, calendar, language, sales, (owner, what, sale, at), interactions)
    return Contacts(interactions, owner, at, mood, complaints)


def _complaining(model: DemoModel, latent: Latent, sales: Sales, rng: np.random.Generator) -> IntArray:
    """Purchases that lead to a complaint: more often of the dissatisfied, and before a dropout."""
    odds = model.complaint_share * np.exp(-0.6 * latent.satisfaction[sales.owner])
    odds = np.where(sales.last, model.last_straw_factor * odds, odds)
    found: IntArray = np.flatnonzero(rng.random(len(odds)) < odds)
    return found


def _follow_ups(
    model: DemoModel, calendar: Calendar, latent: Latent, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Owners and days of calls the company makes while the customer is there."""
    joined, _ = calendar.locate(latent.joined_clock)
    gone = np.isnat(latent.dropped_out_at)
    end = np.where(gone, calendar.days, calendar.days_of(latent.dropped_out_at))
    span = np.maximum(end - joined, 0)
    owner = np.repeat(np.arange(len(span)), rng.poisson(model.follow_ups_a_year * span / 365))
    return owner, joined[owner] + np.floor(rng.random(len(owner)) * span[owner]).astype(np.int64)


def _interactions(
    seed: int, latent: Latent, owner: IntArray, what: IntArray, at: DateTimeArray
) -> tuple[list[dict[str, Any]], FloatArray]:
    """Write the contacts out, and what each does to the mood of its customer."""
    rng = stream(seed, "contact-details")
    n = len(owner)
    teams, skill = dict(AGENTS), skills(seed)
    channel = pick(rng, tuple(share for _, share, _ in CHANNELS), n).tolist()
    draws = rng.random((n, 4)).tolist()
    seconds = np.exp(rng.normal((3.2, 5.2, 3.0, 3.6), (0.9, 0.6, 1.0, 0.5), (n, 4))).astype(np.int64).tolist()
    found, mood = [], np.zeros(n)
    for i, (customer, kind, start) in enumerate(zip(owner.tolist(), what.tolist(), at.tolist(), strict=True)):
        unit = BRANCHES[latent.branch[customer]].code
        agent = teams[unit][int(draws[i][0] * len(teams[unit]))]
        name, _, timed = CHANNELS[channel[i]]
        phase = PHASES[kind][0] if kind < len(PHASES) else "after"
        purpose = {3: "complaint", 4: "follow_up"}.get(kind) or _drawn(PURPOSES[phase], draws[i][1])
        resolved = draws[i][2] < (0.5 if kind == 3 else 0.8) + 0.05 * skill[agent]
        feeling = latent.satisfaction[customer] + 0.3 * skill[agent] + (0.2 if resolved else -0.5)
        mood[i] = 0.3 * skill[agent] + (0.2 if resolved else -0.5) - (0.9 if kind == 3 else 0.0)
        sentiment = "positive" if feeling > 0.8 else "negative" if feeling < -0.8 else "neutral"
        wait, talk, hold, wrap = seconds[i] if timed else (None, None, None, None)
        length = sum(seconds[i][:3]) if timed else 0
        found.append(
            {
                "customer": {"system": "crm", "key": f"C-{customer + 1:06d}"},
                "source": "demo",
                "external_id": f"CALL-{i + 1:07d}",
                "channel": name if kind != 4 else "phone",
                "direction": "outbound" if kind == 4 else "inbound",
                "purpose": purpose,
                "phase": phase,
                "agent": agent,
                "unit": unit,
                "started_at": _text(start),
                "ended_at": _text(start + timedelta(seconds=length)) if timed else None,
                "wait_seconds": None if kind == 4 else wait,
                "talk_seconds": talk,
                "hold_seconds": hold,
                "wrap_seconds": wrap,
                "disposition": "resolved" if resolved else "follow_up",
                "topic": TOPICS[purpose],
                "resolved_on_first_contact": resolved,
                "sentiment": sentiment if draws[i][3] < 0.4 else None,
            }
        )
    return found, mood


def _complaints(
    seed: int,
    calendar: Calendar,
    language: list[str],
    sales: Sales,
    contacts: tuple[IntArray, IntArray, IntArray, DateTimeArray],
    interactions: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """Write the complaints out with the life they have had by the beginning of the last day."""
    rng = stream(seed, "complaints")
    owner, what, sale, at = contacts
    positions = np.flatnonzero(what == 3)
    n = len(positions)
    failure = pick(rng, tuple(row[1] for row in FAILURES), n).tolist()
    draws = rng.random((n, 5)).tolist()
    hours = np.exp(rng.normal((0.8, 3.2, 4.0), (1.0, 1.1, 0.4), (n, 3))).tolist()
    last_day = np.array([calendar.days - 1])
    over = calendar.instants(last_day, np.array([0.0])).tolist()[0]
    found = []
    for k, position in enumerate(positions.tolist()):
        customer = int(owner[position])
        category, _, blame, subjects = FAILURES[failure[k]]
        spoken = language[customer]
        received = at[position].item()
        steps: dict[str, str] = {}
        due = (1.0, 0.93, 0.9)
        moment = received
        for name, wait, chance, draw in zip(
            ("acknowledged_at", "resolved_at", "closed_at"), hours[k], due, draws[k], strict=False
        ):
            moment = moment + timedelta(seconds=round(wait * 3600))
            if draw >= chance or moment >= over:
                break
            steps[name] = _text(moment)
        if "resolved_at" in steps:
            steps["resolution"] = RESOLUTIONS[spoken]
        contact = interactions[position]
        found.append(
            {
                "customer": contact["customer"],
                "interaction": position,
                "source": "demo",
                "external_id": f"CMP-{k + 1:06d}",
                "channel": contact["channel"],
                "subject": subjects[SUBJECT_LANGUAGES.index(spoken)],
                "category": category,
                "product": sales.category[int(sale[position])],
                "severity": _drawn(SEVERITIES, draws[k][3]),
                "our_fault": "yes" if draws[k][4] < blame else "no" if draws[k][4] < 0.95 else "unknown",
                "owner": contact["agent"],
                "unit": contact["unit"],
                "received_at": contact["started_at"],
                **steps,
            }
        )
    return found


def _drawn(table: tuple[tuple[str, float], ...], draw: float) -> str:
    """The entry of a table of shares that a draw from [0, 1) falls on."""
    for name, share in table:
        draw -= share
        if draw < 0:
            return name
    return table[-1][0]


def _text(at: Any) -> str:
    return f"{at.isoformat()}Z"
