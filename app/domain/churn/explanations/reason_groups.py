"""Reason groups of the learned model: features of one kind as one reason, in words.

Features that speak of the same thing share what they know in ways nobody can read (the parametric log-odds
are made of recency and frequency), so their contributions are told as one sum. A sum of sums still adds up.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from app.domain.churn.inputs.customer_facts import CustomerFacts
from app.domain.churn.inputs.features import Usual
from app.domain.churn.signals.scores import FRESH_DAYS
from app.domain.churn.signals.signal import Unit


class Measurement(NamedTuple):
    """What a theme says of a customer: a value, and what is usual; both None where nothing is known."""

    value: float | None
    baseline: float | None


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer: its facts, what it is worth, its refunds, what is usual in the run, and the first day of
    its contract, None without one."""

    facts: CustomerFacts
    value_minor: int
    refunds: int
    usual: Usual
    started_day: int | None = None


@dataclass(frozen=True, slots=True)
class ReasonGroup:
    """One reason.

    Args:
        code: stable name.
        titles: short name by language (en, tr, az).
        unit: what value and baseline count.
        sentences: by language, with ``{value}``, ``{baseline}`` and ``{recent_days}``.
        unknown: sentences for a customer of whom there is nothing of the kind.
        measure: a customer to what is said.
    """

    code: str
    titles: Mapping[str, str]
    unit: Unit
    sentences: Mapping[str, str]
    unknown: Mapping[str, str]
    measure: Callable[[Customer], Measurement]


NOTHING = Measurement(None, None)


def _pattern(c: Customer) -> Measurement:
    if c.facts.last_day is None:
        return NOTHING
    return Measurement(c.facts.as_of_day - 1 - c.facts.last_day, c.facts.purchase_days)


def _level(c: Customer) -> Measurement:
    usual = c.usual.median_spend_minor
    if not usual or not c.facts.purchase_days:
        return NOTHING
    return Measurement(100 * max(c.value_minor, 0) / c.facts.purchase_days / usual, 100)


def _trend(c: Customer) -> Measurement:
    f = c.facts
    if not f.recent_purchases or not f.earlier_purchases or f.earlier_spend_minor <= 0:
        return NOTHING
    recent, earlier = (
        f.recent_spend_minor / f.recent_purchases,
        f.earlier_spend_minor / f.earlier_purchases,
    )
    return Measurement(100 * max(recent, 0) / earlier, 100)


def _unresolved(c: Customer) -> Measurement:
    if not c.facts.open_complaints or c.facts.oldest_open_day is None:
        return NOTHING
    return Measurement(c.facts.as_of_day - c.facts.oldest_open_day, 0)


def _is_fresh(f: CustomerFacts) -> bool:
    return f.last_score_day is not None and f.last_score_day >= f.as_of_day - FRESH_DAYS


def _score(c: Customer) -> Measurement:
    if c.facts.last_score is None or c.usual.mean_score is None or not _is_fresh(c.facts):
        return NOTHING
    return Measurement(c.facts.last_score, c.usual.mean_score)


def _fall(c: Customer) -> Measurement:
    if c.facts.last_score is None or c.facts.previous_score is None or not _is_fresh(c.facts):
        return NOTHING
    return Measurement(c.facts.last_score, c.facts.previous_score)


def _count(of: Callable[[Customer], int]) -> Callable[[Customer], Measurement]:
    return lambda c: Measurement(of(c), 0)


_NO_ANSWER = {
    "en": "No survey answer in the last year.",
    "tr": "Son bir yılda anket yanıtı yok.",
    "az": "Son bir ildə sorğu cavabı yoxdur.",
}
_NOTHING = {"en": "Nothing to say.", "tr": "Söylenecek bir şey yok.", "az": "Deyiləcək bir şey yoxdur."}

_ALL = (
    ReasonGroup(
        "purchase_pattern",
        {"en": "Purchase pattern", "tr": "Alışveriş düzeni", "az": "Alış-veriş ritmi"},
        Unit.DAYS,
        {
            "en": "Last purchase {value} ago; purchase days so far: {baseline}.",
            "tr": "Son alışveriş {value} önce; bugüne kadarki alışveriş günü: {baseline}.",
            "az": "Son alış-veriş {value} əvvəl; indiyədək alış-veriş günləri: {baseline}.",
        },
        {"en": "No purchase yet.", "tr": "Henüz alışveriş yok.", "az": "Hələ alış-veriş yoxdur."},
        _pattern,
    ),
    ReasonGroup(
        "spend_level",
        {"en": "Spending", "tr": "Harcama", "az": "Xərcləmə"},
        Unit.PERCENT,
        {
            "en": "Spends {value} of the median customer's amount on a purchase day.",
            "tr": "Alışveriş günündeki harcaması, ortanca müşterinin harcamasının {value} kadarı.",
            "az": "Alış-veriş günündəki xərci median müştərinin xərcinin {value} qədəridir.",
        },
        _NOTHING,
        _level,
    ),
    ReasonGroup(
        "spend_trend",
        {"en": "Trend of spending", "tr": "Harcama eğilimi", "az": "Xərcləmə meyli"},
        Unit.PERCENT,
        {
            "en": "A purchase in {recent_days} days was {value} of one in the {recent_days} before.",
            "tr": "Son {recent_days} günde bir alışveriş, önceki {recent_days} gündekinin {value} kadarı.",
            "az": "Son {recent_days} gündə bir alış-veriş əvvəlki {recent_days} gündəkinin {value} qədəri.",
        },
        {
            "en": "No purchases in both of the last two periods of {recent_days} days to compare.",
            "tr": "Karşılaştırılacak son iki {recent_days} günlük dönemin ikisinde birden alışveriş yok.",
            "az": "Müqayisə üçün son iki {recent_days} günlük dövrün hər ikisində alış-veriş yoxdur.",
        },
        _trend,
    ),
    ReasonGroup(
        "refunds",
        {"en": "Refunds", "tr": "İadeler", "az": "Geri qaytarmalar"},
        Unit.COUNT,
        {
            "en": "Refunds and cancellations: {value}.",
            "tr": "İade ve iptal sayısı: {value}.",
            "az": "Geri qaytarma və ləğv sayı: {value}.",
        },
        _NOTHING,
        _count(lambda c: c.refunds),
    ),
    ReasonGroup(
        "open_complaints",
        {"en": "Open complaints", "tr": "Açık şikâyetler", "az": "Açıq şikayətlər"},
        Unit.COUNT,
        {
            "en": "Open complaints: {value}.",
            "tr": "Açık şikâyet sayısı: {value}.",
            "az": "Açıq şikayətlərin sayı: {value}.",
        },
        _NOTHING,
        _count(lambda c: c.facts.open_complaints),
    ),
    ReasonGroup(
        "unresolved_complaint",
        {"en": "Unresolved complaint", "tr": "Çözülmeyen şikâyet", "az": "Həll olunmayan şikayət"},
        Unit.DAYS,
        {
            "en": "The oldest open complaint has been waiting for {value}.",
            "tr": "En eski açık şikâyet {value}dür çözüm bekliyor.",
            "az": "Ən köhnə açıq şikayət {value}dür həll gözləyir.",
        },
        {
            "en": "No complaint is waiting.",
            "tr": "Bekleyen şikâyet yok.",
            "az": "Gözləyən şikayət yoxdur.",
        },
        _unresolved,
    ),
    ReasonGroup(
        "solved_complaints",
        {"en": "Solved complaints", "tr": "Çözülen şikâyetler", "az": "Həll olunan şikayətlər"},
        Unit.COUNT,
        {
            "en": "Complaints solved so far: {value}.",
            "tr": "Bugüne kadar çözülen şikâyet: {value}.",
            "az": "İndiyədək həll olunan şikayət: {value}.",
        },
        _NOTHING,
        _count(lambda c: c.facts.complaints - c.facts.open_complaints),
    ),
    ReasonGroup(
        "satisfaction",
        {"en": "Satisfaction", "tr": "Memnuniyet", "az": "Məmnunluq"},
        Unit.POINTS,
        {
            "en": "The last satisfaction score was {value} of 100; the mean of all customers is {baseline}.",
            "tr": "Son memnuniyet puanı 100 üzerinden {value}; bütün müşterilerin ortalaması {baseline}.",
            "az": "Son məmnunluq balı 100 üzərindən {value}; bütün müştərilərin ortalaması {baseline}.",
        },
        _NO_ANSWER,
        _score,
    ),
    ReasonGroup(
        "satisfaction_fall",
        {"en": "Change of satisfaction", "tr": "Memnuniyet değişimi", "az": "Məmnunluğun dəyişməsi"},
        Unit.POINTS,
        {
            "en": "The satisfaction score went from {baseline} to {value}.",
            "tr": "Memnuniyet puanı: önce {baseline}, şimdi {value}.",
            "az": "Məmnunluq balı: əvvəl {baseline}, indi {value}.",
        },
        {
            "en": "There are no two survey answers to compare.",
            "tr": "Karşılaştırılacak iki anket yanıtı yok.",
            "az": "Müqayisə üçün iki sorğu cavabı yoxdur.",
        },
        _fall,
    ),
    ReasonGroup(
        "contacts",
        {"en": "Contacts", "tr": "Temaslar", "az": "Əlaqələr"},
        Unit.COUNT,
        {
            "en": "Contacts the customer began in the last {recent_days} days: {value}.",
            "tr": "Müşterinin son {recent_days} günde başlattığı temas: {value}.",
            "az": "Müştərinin son {recent_days} gündə başlatdığı əlaqə: {value}.",
        },
        _NOTHING,
        _count(lambda c: c.facts.recent_contacts),
    ),
)
THEMES: Mapping[str, ReasonGroup] = MappingProxyType({theme.code: theme for theme in _ALL})
"""By code, in the order in which equal ones are told."""
