"""Every environment variable, in one frozen object that is passed down and never global."""

from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.domain.company import Company
from app.domain.money import minor_digits


class Settings(BaseSettings):
    """Read from ``VEFA_*`` environment variables; every one has a default but ``VEFA_SECRET``."""

    model_config = SettingsConfigDict(env_prefix="VEFA_", frozen=True, extra="ignore")

    database_url: str = Field(
        "sqlite:///vefa.db", description="SQLAlchemy URL of the store: sqlite:///FILE or postgresql://..."
    )
    read_database_url: str | None = Field(
        None, description="Replica for reads (PostgreSQL); default: the store itself."
    )
    secret: SecretStr | None = Field(
        None,
        description="Keys cursors and the audit trail's seal; at least 32 characters. Required to serve.",
    )
    sqlite_synchronous: str = Field(
        "FULL",
        pattern="^(FULL|NORMAL)$",
        description="NORMAL trades the last commits at power loss for speed.",
    )
    pool_size: int = Field(
        10,
        ge=1,
        le=200,
        description="PostgreSQL connections of a process for writes; as many again for reads.",
    )
    write_wait_seconds: float = Field(
        5.0, gt=0, description="A write that waits longer for its turn is refused with 503."
    )
    time_zone: str = Field(
        "Europe/Istanbul", description="The company's IANA zone: a day is a local calendar day."
    )
    reporting_currency: str = Field(
        "TRY", pattern="^[A-Z]{3}$", description="ISO 4217 code all values are reported in."
    )
    phone_regions: tuple[str, ...] = Field(
        ("TR", "AZ"), description="Regions tried for phone numbers without a country code, in order."
    )
    rate_limit: str = Field("6000/minute", description="Requests per credential, as in the limits library.")
    rate_limit_storage: str = Field(
        "memory://", description="Where counters live; redis://... shares them between processes."
    )
    max_body_bytes: int = Field(4 * 1024 * 1024, ge=1024, description="Largest request body but for imports.")
    max_import_bytes: int = Field(512 * 1024 * 1024, ge=1024, description="Largest import upload.")
    cors_origins: tuple[str, ...] = Field((), description="Origins allowed to call from a browser.")
    worker_id: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$",
        description="Stable unique name of this worker; default: host name and slot.",
    )
    job_concurrency: int = Field(2, ge=1, le=64, description="Jobs a worker runs at once.")
    duties_off: tuple[str, ...] = Field(
        (),
        description="Duties of workers to leave out: positions, idempotency_keys, workflows, strays.",
    )
    complaint_owner: str = Field(
        "complaints-desk",
        pattern=r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]{0,98}[^\s\x00-\x1f\x7f-\x9f])?$",
        description="Who owns a complaint that names nobody: a desk or a person that is always there.",
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, KeyError):
            raise ValueError("not an IANA time zone") from None
        return value

    @field_validator("reporting_currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        minor_digits(value)
        return value

    @property
    def company(self) -> Company:
        """The company these settings describe."""
        return Company(self.time_zone, self.reporting_currency, self.phone_regions, self.complaint_owner)

    @property
    def is_sqlite(self) -> bool:
        """Whether the store is the embedded SQLite file."""
        return self.database_url.startswith("sqlite")

    @property
    def sqlite_path(self) -> Path | None:
        """The SQLite file, or None for PostgreSQL."""
        return Path(self.database_url.removeprefix("sqlite:///")) if self.is_sqlite else None
