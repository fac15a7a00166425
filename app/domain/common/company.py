"""What is fixed for the one company a deployment serves."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Company:
    """The company's zone, currency, phone regions and complaint desk (see `app.settings.Settings`)."""

    time_zone: str = "Europe/Istanbul"
    reporting_currency: str = "TRY"
    phone_regions: tuple[str, ...] = ("TR", "AZ")
    complaint_owner: str = "complaints-desk"

    def start_of(self, day: date) -> datetime:
        """The UTC instant at which the local calendar ``day`` begins.

        >>> Company().start_of(date(2026, 1, 1)).isoformat()
        '2025-12-31T21:00:00+00:00'
        """
        return datetime.combine(day, time(), ZoneInfo(self.time_zone)).astimezone(UTC)

    def day_of(self, at: datetime) -> date:
        """The local calendar day of an instant."""
        return at.astimezone(ZoneInfo(self.time_zone)).date()

    def window(self, as_of: date, days: int | None) -> tuple[datetime | None, datetime]:
        """The half-open window ``[from, to)`` of ``days`` whole local days that ends where ``as_of`` begins.

        ``days`` None means everything before ``as_of``; the first bound is then None.
        """
        return (None if days is None else self.start_of(as_of - timedelta(days=days))), self.start_of(as_of)


DEFAULT_COMPANY = Company()
