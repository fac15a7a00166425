"""Who is calling and what they may do."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.domain.common.company import DEFAULT_COMPANY, Company


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
    COMPENSATIONS_READ = "compensations:read"
    COMPENSATIONS_WRITE = "compensations:write"
    COMPENSATIONS_APPROVE = "compensations:approve"
    COMPENSATIONS_ADMIN = "compensations:admin"
    PROMISES_READ = "promises:read"
    PROMISES_WRITE = "promises:write"
    SURVEYS_READ = "surveys:read"
    SURVEYS_WRITE = "surveys:write"
    COMPETITORS_READ = "competitors:read"
    COMPETITORS_WRITE = "competitors:write"
    IMPORTS_READ = "imports:read"
    IMPORTS_WRITE = "imports:write"
    IMPORTS_ADMIN = "imports:admin"
    INSIGHTS_READ = "insights:read"
    SCORING_WRITE = "scoring:write"
    RATES_READ = "rates:read"
    RATES_WRITE = "rates:write"
    SETTINGS_READ = "settings:read"
    SETTINGS_WRITE = "settings:write"
    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    AGENTS_ACT = "agents:act"
    EVENTS_READ = "events:read"
    WEBHOOKS_ADMIN = "webhooks:admin"


class Extent(StrEnum):
    """What an operation reads or changes, and so whether callers limited to units may."""

    BY_CUSTOMER = "by_customer"
    """Records of customers; a limited caller reaches those of its units, and jobs and imports of its own."""
    COMPANY_SETTINGS = "company_settings"
    """What all units share: limited callers read it, because their own figures follow from it."""
    COMPANY_FIGURES = "company_figures"
    """Figures computed over all customers; limited callers neither read them nor ask for them."""

    def is_open_to(self, actor: "Actor", *, is_write: bool) -> bool:
        """Tell whether the caller may do this at all, whatever its scopes.

        >>> ankara = Actor("key:a", frozenset(), units=frozenset({"ankara"}))
        >>> [Extent.COMPANY_SETTINGS.is_open_to(ankara, is_write=write) for write in (False, True)]
        [True, False]
        """
        if not actor.is_limited or self is Extent.BY_CUSTOMER:
            return True
        return self is Extent.COMPANY_SETTINGS and not is_write


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller of a use case: an API key, or the service itself.

    ``units`` empty means every unit; otherwise only customers of these units are visible.
    ``id`` goes into the audit trail; it is never a secret. ``company`` rides along because a caller
    acts for exactly one. ``agent`` is the code of the person for whom the key acts, who was active when the
    request began; None: nobody is named.
    """

    id: str
    scopes: frozenset[Scope]
    units: frozenset[str] = frozenset()
    customer_id: UUID | None = None
    request_id: str | None = None
    company: Company = DEFAULT_COMPANY
    agent: str | None = None

    @property
    def acting_id(self) -> str:
        """Who acts: the person where one is known, else the credential.

        >>> Actor("key:a", frozenset(), agent="ayse.k").acting_id, Actor("key:a", frozenset()).acting_id
        ('ayse.k', 'key:a')
        """
        return self.id if self.agent is None else self.agent

    @property
    def is_limited(self) -> bool:
        """Whether the caller sees only some customers."""
        return bool(self.units) or self.customer_id is not None

    @property
    def is_key(self) -> bool:
        """Whether an API key calls, not the service itself."""
        return self.id.startswith("key:")

    def may_use_unit(self, unit: str | None) -> bool:
        """Tell whether the caller may label records with ``unit``."""
        return not self.units or unit in self.units

    def may(self, scope: Scope) -> bool:
        """Tell whether the caller holds ``scope``."""
        return scope in self.scopes


def system(company: Company) -> Actor:
    """The service itself: commands and jobs act as it."""
    return Actor(id="system", scopes=frozenset(Scope), company=company)
