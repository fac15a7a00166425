"""Whether the service's secret is worth its name: who guesses it can forge cursors and the audit trail."""

import re

LEAST_CHARACTERS = 32
LEAST_DIFFERENT = 16
LEAST_DIFFERENT_OF_HEX = 12
"""Of 64 random hexadecimal digits one in four has fewer than 16 different ones, hardly any fewer than 12."""

_LONG_HEX = re.compile(r"[0-9a-f]{64,}|[0-9A-F]{64,}")


def weakness(secret: str | None) -> str | None:
    """Say what is wrong with a secret, None if nothing is; never with a part of it.

    >>> weakness("x" * 40), weakness("Gq7vR2mZpX9cLwT4bYsK8dNhJ3fUeA6i")
    ('has fewer than 16 different characters', None)
    """
    if not secret:
        return "is not set"
    if any(character.isspace() for character in secret):
        return "has blanks"
    if len(secret) < LEAST_CHARACTERS:
        return f"has fewer than {LEAST_CHARACTERS} characters"
    least = LEAST_DIFFERENT_OF_HEX if _LONG_HEX.fullmatch(secret) else LEAST_DIFFERENT
    return f"has fewer than {least} different characters" if len(set(secret)) < least else None


def refusal(secret: str | None) -> str | None:
    """Say why the service does not start with a secret, and how to make one; None if it does."""
    wrong = weakness(secret)
    return (
        wrong and f"VEFA_SECRET {wrong}. Make one, and keep it: export VEFA_SECRET=$(openssl rand -base64 48)"
    )
