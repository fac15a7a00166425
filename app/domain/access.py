"""Who is calling and what they may do."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.domain.company import DEFAULT_COMPANY, Company


class Scope(StrEnum):
    """What a credential is allowed to do, as ``<resource>:<right>``."""

    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_WRITE = "customers:write"
    TRANSACTIONS_READ = "transactions:read"
    TRANSACTIONS_WRITE = "transactions:write"
    INTERACTIONS_READ = "interactions:read"
    INTERACTIONS_WRITE = "interactions:write"
    COMPLAINTS_READ = "complaints:read"
    COMPLAINTS_WRITE = "complaints:write"
    SURVEYS_READ = "surveys:read"
    SURVEYS_WRITE = "surveys:write"
    COMPETITORS_READ = "competitors:read"
    COMPETITORS_WRITE = "competitors:write"
    IMPORTS_READ = "imports:read"
    IMPORTS_WRITE = "imports:write"
    INSIGHTS_READ = "insights:read"
    SCORING_WRITE = "scoring:write"
    RATES_READ = "rates:read"
    RATES_WRITE = "rates:write"
    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller of a use case: an API key, or the service itself.

    ``units`` empty means every unit; otherwise only customers of these units are visible.
    ``id`` goes into the audit trail; it is never a secret. ``company`` rides along because a caller
    acts for exactly one.
    """

    id: str
    scopes: frozenset[Scope]
    units: frozenset[str] = frozenset()
    customer_id: UUID | None = None
    request_id: str | None = None
    company: Company = DEFAULT_COMPANY

    @property
    def is_key(self) -> bool:
        """Whether an API key calls, not the service itself."""
        return self.id.startswith("key:")

    def may(self, scope: Scope) -> bool:
        """Tell whether the caller holds ``scope``."""
        return scope in self.scopes


def system(company: Company) -> Actor:
    """The service itself: commands and jobs act as it."""
    return Actor(id="system", scopes=frozenset(Scope), company=company)
