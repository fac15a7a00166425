"""The stated model of the demo company: its parameters, its calendar and its hidden customers.

Described in words in docs/demo.md. Everything here is a pure function of a seed and a last day.
"""

import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
DateTimeArray = NDArray[np.datetime64]

ZONE: Final = ZoneInfo("Europe/Istanbul")
CURRENCIES: Final = ("TRY", "AZN", "USD", "EUR")
DAY_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class Branch:
    """A unit that serves customers: its code, country (ISO 3166), share of customers (weight) and cities."""

    code: str
    country: str
    weight: float
    cities: tuple[str, ...]


BRANCHES: Final = (
    Branch("istanbul", "TR", 0.40, ("İstanbul", "İstanbul", "İstanbul", "Kocaeli", "Tekirdağ")),
    Branch("ankara", "TR", 0.16, ("Ankara", "Ankara", "Eskişehir", "Konya")),
    Branch("izmir", "TR", 0.15, ("İzmir", "İzmir", "Manisa", "Aydın")),
    Branch("antalya", "TR", 0.11, ("Antalya", "Antalya", "Muğla")),
    Branch("baku", "AZ", 0.13, ("Bakı", "Bakı", "Bakı", "Sumqayıt")),
    Branch("gence", "AZ", 0.05, ("Gəncə", "Gəncə", "Mingəçevir", "Şəki")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoModel:
    """Every parameter of the demo company; docs/demo.md lists them with their meaning.

    Shares are probabilities in 0..1, delays are days, money is kuruş (1/100 TRY), rates are per day.
    """

    # Who there is.
    organisation_share: float = 0.08
    prospect_share: float = 0.04
    subscriber_share: float = 0.08
    english_share: float = 0.03
    opening_share: float = 0.35
    opening_days: int = 90

    # When they buy (MBG/NBD) and how they feel.
    rate_r: float = 0.55
    rate_alpha: float = 16.0
    organisation_rate_factor: float = 0.5
    dropout_a: float = 0.8
    dropout_b: float = 9.2
    satisfaction_dropout_correlation: float = 0.5

    # How much they spend (Gamma-Gamma).
    spend_p: float = 3.0
    spend_q: float = 3.0
    spend_gamma: float = 100_000.0
    organisation_spend_factor: float = 8.0

    # How the year, the week and the day go: Monday first, January first, hours from opening_hour.
    weekday_weights: tuple[float, ...] = (0.90, 0.90, 0.95, 1.00, 1.20, 1.40, 0.65)
    month_weights: tuple[float, ...] = (0.9, 0.9, 1.0, 1.0, 1.05, 1.0, 0.9, 0.9, 1.0, 1.0, 1.15, 1.4)
    opening_hour: int = 9
    hour_weights: tuple[float, ...] = (0.5, 0.8, 1.0, 1.2, 1.1, 0.9, 0.9, 1.1, 1.3, 1.2)

    # What comes back, what it cost, what it is paid in.
    refund_share: float = 0.03
    refund_delay_days: float = 9.0
    refund_whole_share: float = 0.6
    cancellation_share: float = 0.015
    cancellation_delay_days: int = 3
    unknown_cost_share: float = 0.2
    foreign_currency_share: float = 0.15

    # Who says good-bye.
    goodbye_share: float = 0.3
    goodbye_delay_days: float = 30.0

    # What is said: contracts, contacts, complaints, surveys.
    notice_share: float = 0.7
    no_phone_share: float = 0.03
    no_email_share: float = 0.02
    contact_share: float = 0.16
    follow_ups_a_year: float = 0.6
    complaint_share: float = 0.02
    last_straw_factor: float = 3.0
    contact_survey_share: float = 0.45
    relationship_survey_days: int = 180
    response_share: float = 0.3
    skip_share: float = 0.05

    # What is known about a customer.
    phone_share: float = 0.96
    second_phone_share: float = 0.12
    email_share: float = 0.85
    social_share: float = 0.15
    birthday_share: float = 0.85
    preference_share: float = 0.6
    hours_share: float = 0.3
    second_given_name_share: float = 0.08


def stream(seed: int, part: str) -> np.random.Generator:
    """Open the random stream of one part of the demo.

    Streams are keyed by the name of the part, so a part added later changes no earlier one.

    Raises:
        ValueError: the seed is negative.
    """
    key = zlib.crc32(part.encode())
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(key,))))


def pick(rng: np.random.Generator, weights: tuple[float, ...], size: int) -> IntArray:
    """Draw ``size`` positions 0..len(weights)-1 with probability proportional to ``weights``."""
    odds = np.asarray(weights, dtype=np.float64)
    return rng.choice(len(weights), size=size, p=odds / odds.sum()).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of the demo and its operational clock.

    ``start`` and ``over`` are the UTC instants at which the last day begins and ends. The clock runs fast
    on busy days and stands still at night; over the window it runs one unit a day on average. A process
    with a constant rate on this clock is a process with seasons on the wall's.
    """

    first_day: date
    days: int
    start: datetime
    over: datetime
    clock: FloatArray
    utc_noons: DateTimeArray
    opening_seconds: FloatArray
    opening_clock: FloatArray

    @classmethod
    def make(cls, model: DemoModel, until: date, days: int, zone: ZoneInfo = ZONE) -> Self:
        """Lay out ``days`` local days of which ``until`` is the last."""
        first = until - timedelta(days=days - 1)
        dates = [first + timedelta(days=k) for k in range(days)]
        week, year = model.weekday_weights, model.month_weights
        weight = np.array([week[d.weekday()] * year[d.month - 1] for d in dates])
        clock = np.concatenate([[0.0], np.cumsum(weight / weight.mean())])
        # Noon decides the offset: the shop is closed at the hour when clocks change.
        noons = [datetime.combine(d, time(12), zone).astimezone(UTC).replace(tzinfo=None) for d in dates]
        hours = np.cumsum((0.0, *model.hour_weights))
        return cls(
            first_day=first,
            days=days,
            start=datetime.combine(until, time(), zone).astimezone(UTC),
            over=datetime.combine(until + timedelta(days=1), time(), zone).astimezone(UTC),
            clock=clock,
            utc_noons=np.array(noons, dtype="datetime64[us]"),
            opening_seconds=np.arange(len(hours), dtype=np.float64) * 3_600 + model.opening_hour * 3_600,
            opening_clock=hours / hours[-1],
        )

    def locate(self, clock: FloatArray) -> tuple[IntArray, FloatArray]:
        """Turn clock readings into day numbers (first day = 0) and shares of the day's business done."""
        day = np.clip(np.searchsorted(self.clock, clock, side="right") - 1, 0, self.days - 1)
        return day.astype(np.int64), (clock - self.clock[day]) / (self.clock[day + 1] - self.clock[day])

    def instants(self, day: IntArray, share: FloatArray) -> DateTimeArray:
        """Give the UTC instants (whole seconds, shop open) when ``share`` of a day's business is done."""
        second = np.floor(np.interp(share, self.opening_clock, self.opening_seconds))
        second = np.minimum(second, self.opening_seconds[-1] - 1).astype(np.int64)
        after_noon: DateTimeArray = self.utc_noons[day] + (second - DAY_SECONDS // 2).astype("timedelta64[s]")
        return after_noon

    def numbers(self, dates: DateTimeArray) -> IntArray:
        """Give the day numbers of local dates or months (their first day)."""
        return (dates.astype("datetime64[D]") - np.datetime64(self.first_day, "D")).astype(np.int64)

    def days_of(self, at: DateTimeArray) -> IntArray:
        """Give the day numbers of UTC instants in opening hours; any number where there is none (NaT)."""
        half_day = np.timedelta64(DAY_SECONDS // 2, "s")  # noon is always nearer than the noon of another day
        found = np.searchsorted(self.utc_noons - half_day, at, side="right") - 1
        return found.astype(np.int64)

    def dates(self, day: IntArray) -> DateTimeArray:
        """Give the local dates (datetime64[D]) of day numbers."""
        return np.datetime64(self.first_day, "D") + day.astype("timedelta64[D]")


@dataclass(frozen=True, slots=True)
class Latent:
    """What the model knows of each customer and the service must find out; arrays of shape (customers,).

    ``branch`` and ``currency`` are positions in BRANCHES and CURRENCIES. ``joined_clock`` is read on the
    operational clock. ``purchase_rate`` is per day, ``mean_spend`` in kuruş a purchase, ``satisfaction``
    standard normal (0 = average). ``dropped_out_at`` is UTC, NaT while the customer is alive.
    """

    organisation: BoolArray
    prospect: BoolArray
    subscriber: BoolArray
    branch: IntArray
    currency: IntArray
    joined_clock: FloatArray
    purchase_rate: FloatArray
    dropout_probability: FloatArray
    mean_spend: FloatArray
    satisfaction: FloatArray
    dropped_out_at: DateTimeArray


def draw_latent(model: DemoModel, seed: int, calendar: Calendar, customers: int) -> Latent:
    """Draw the hidden traits of ``customers`` customers; nobody has dropped out yet."""
    rng = stream(seed, "population")
    organisation = rng.random(customers) < model.organisation_share
    prospect = rng.random(customers) < model.prospect_share
    subscriber = (rng.random(customers) < model.subscriber_share) & ~prospect
    branch = pick(rng, tuple(b.weight for b in BRANCHES), customers)
    azerbaijan = np.array([b.country == "AZ" for b in BRANCHES])[branch]
    foreign = organisation & (rng.random(customers) < model.foreign_currency_share)
    currency = np.where(azerbaijan, 1, np.where(foreign, rng.integers(2, 4, customers), 0))
    opening = calendar.clock[min(model.opening_days, calendar.days)]
    early = rng.random(customers) < model.opening_share
    joined = rng.random(customers) * np.where(early, opening, calendar.clock[-1])

    rng = stream(seed, "traits")
    rate = rng.gamma(model.rate_r, 1.0 / model.rate_alpha, customers)
    spend = model.spend_p / rng.gamma(model.spend_q, 1.0 / model.spend_gamma, customers)
    satisfaction = rng.standard_normal(customers)
    # Dropout stays exactly Beta(a, b): only the order of its draws follows (dis)satisfaction.
    rho = model.satisfaction_dropout_correlation
    restlessness = -rho * satisfaction + np.sqrt(1.0 - rho**2) * rng.standard_normal(customers)
    dropout = np.empty(customers)
    draws = np.sort(rng.beta(model.dropout_a, model.dropout_b, customers))
    dropout[np.argsort(restlessness, kind="stable")] = draws
    return Latent(
        organisation=organisation,
        prospect=prospect,
        subscriber=subscriber,
        branch=branch,
        currency=currency.astype(np.int64),
        joined_clock=joined,
        purchase_rate=rate * np.where(organisation, model.organisation_rate_factor, 1.0),
        dropout_probability=np.clip(dropout, 1e-9, 1.0),
        mean_spend=spend * np.where(organisation, model.organisation_spend_factor, 1.0),
        satisfaction=satisfaction,
        dropped_out_at=np.full(customers, "NaT", dtype="datetime64[us]"),
    )


def exchange_rates(calendar: Calendar) -> list[tuple[str, date, str]]:
    """Give TRY per unit of AZN, USD and EUR for every day with four decimals.

    Smooth invented waves, not market data. A rate depends on the date alone, so demos with
    different windows agree where they overlap.
    """
    dates = [calendar.first_day + timedelta(days=k) for k in range(calendar.days)]
    t = 2 * np.pi * np.array([d.toordinal() for d in dates], dtype=np.float64)
    usd = 43.0 * (1 + 0.08 * np.sin(t / 1461) + 0.01 * np.sin(t / 91))
    paths = {"AZN": usd / 1.7, "USD": usd, "EUR": usd * (1.14 + 0.03 * np.sin(t / 400))}
    return [
        (currency, day, f"{rate:.4f}")
        for currency, path in paths.items()
        for day, rate in zip(dates, path.tolist(), strict=True)
    ]
