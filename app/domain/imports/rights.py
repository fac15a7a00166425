"""Which scopes an import needs beside ``imports:write``: those that its records would need one by one."""

from collections.abc import Mapping

from app.domain.common.access import Scope
from app.domain.imports.targets import RecordKind

WRITES: Mapping[RecordKind, Scope] = {
    RecordKind.TRANSACTIONS: Scope.TRANSACTIONS_WRITE,
    RecordKind.INTERACTIONS: Scope.INTERACTIONS_WRITE,
    RecordKind.COMPLAINTS: Scope.COMPLAINTS_WRITE,
    RecordKind.RESPONSES: Scope.SURVEYS_WRITE,
    RecordKind.CUSTOMERS: Scope.CUSTOMERS_WRITE,
    RecordKind.CONTRACT_TERMS: Scope.CUSTOMERS_WRITE,
    RecordKind.DEPARTURES: Scope.CUSTOMERS_WRITE,
}


def needed(kind: RecordKind, *, create_missing: bool) -> tuple[Scope, ...]:
    """Return the scopes for taking in records of a kind, and for taking them back.

    >>> [scope.value for scope in needed(RecordKind.COMPLAINTS, create_missing=True)]
    ['complaints:write', 'customers:write']
    """
    scopes = (WRITES[kind], *((Scope.CUSTOMERS_WRITE,) if create_missing else ()))
    return tuple(dict.fromkeys(scopes))
