"""Keys by which files name no customer."""

from app.domain.common.names import fold
from app.domain.common.phone_texts import means_anonymous

_GUESTS = frozenset(
    map(fold, ("guest", "guest customer", "guest user", "walk-in", "walk-in customer", "misafir", "qonaq"))
)


def is_nobody(key: str) -> bool:
    """Tell whether a key is a word of exchanges or shops for an unknown customer.

    All records under it together would make one great customer.

    >>> is_nobody("Anonymous"), is_nobody("Misafir"), is_nobody("C-1"), is_nobody("0")
    (True, True, False, False)
    """
    return means_anonymous(key) or fold(key) in _GUESTS
