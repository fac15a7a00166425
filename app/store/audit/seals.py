"""The mark and the seal of an entry of the audit trail.

The process that writes an entry marks it with a key derived from the secret, in the column in which the
seal stands later: ``mark = HMAC(key, entry)``. The job that numbers it replaces the mark by a link of the
chain: ``seal = HMAC(key, previous seal + position + entry)``. So an entry that waits without a mark was not
written by the service, and one that was sealed cannot wait again.
"""

import hmac

from app.store.audit.keys import AuditKeys
from app.store.audit.rows import Entry

FIRST = bytes(32)
"""What the first seal follows."""

UNMARKED = " without secret"
"""Ends the actor of an entry whose writer had no secret: such an entry cannot name anybody else."""


_KEYS = "key:"  # who acts for an API key always has a secret


def mark(key: bytes, text: str) -> bytes:
    """The mark of an entry with this text (`app.store.audit.rows.text_of`)."""
    return hmac.digest(key, text.encode(), "sha256")


def seal(key: bytes, previous: bytes, position: int, text: str) -> bytes:
    """The seal of an entry with this text behind the entry with the seal ``previous``."""
    return hmac.digest(key, b"%b[%d,%b" % (previous, position, text[1:].encode()), "sha256")


def is_marked(keys: AuditKeys, entry: Entry, *, earlier: bool = False) -> bool:
    """Whether a waiting entry was written by a process with the secret, or says itself that it was not.

    ``earlier``: take the marks of previous secrets, too.
    """
    if entry.seal is None:
        is_own = entry.actor_id.endswith(UNMARKED) and not entry.actor_id.startswith(_KEYS)
        return is_own and entry.agent is None
    known = keys.all if earlier else (keys.current,)
    return any(hmac.compare_digest(entry.seal, mark(one.mark, entry.text)) for one in known)
