"""Whether the service's secret is worth its name: who guesses it can forge cursors and the audit trail."""

from itertools import pairwise

LEAST_CHARACTERS = 32
LEAST_DIFFERENT = 16
"""Hexadecimal secrets need every digit: of 64 random ones three in four have them all."""


def weakness(secret: str | None) -> str | None:
    """Say what is wrong with a secret, None if nothing is; never with a part of it.

    >>> weakness("x" * 40), weakness("Gq7vR2mZpX9cLwT4bYsK8dNhJ3fUeA6i")
    ('has fewer than 16 different characters', None)
    >>> weakness("0123456789abcdef" * 4), weakness("abcdefghijklmnopqrstuvwxyz012345")
    ('repeats itself', 'goes through the alphabet')
    """
    if not secret:
        return "is not set"
    if any(character.isspace() for character in secret):
        return "has blanks"
    if len(secret) < LEAST_CHARACTERS:
        return f"has fewer than {LEAST_CHARACTERS} characters"
    if len(set(secret)) < LEAST_DIFFERENT:
        return f"has fewer than {LEAST_DIFFERENT} different characters"
    if secret in (secret * 2)[1:-1]:
        return "repeats itself"
    neighbours = sum(abs(ord(one) - ord(other)) <= 1 for one, other in pairwise(secret))
    return "goes through the alphabet" if neighbours > len(secret) // 2 else None


def refusal(secret: str | None) -> str | None:
    """Say why the service does not start with a secret, and how to make one; None if it does."""
    wrong = weakness(secret)
    return (
        wrong and f"VEFA_SECRET {wrong}. Make one, and keep it: export VEFA_SECRET=$(openssl rand -base64 48)"
    )
