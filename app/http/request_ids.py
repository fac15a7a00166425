"""The id under which a request stands in answers, logs and the audit trail."""

import re

import uuid_utils

_GIVEN = re.compile(rb"[\x21-\x7e]{1,128}")


def request_id(given: bytes) -> str:
    """The id that the caller gave (``X-Request-Id``), or a new one where that is none."""
    return given.decode() if _GIVEN.fullmatch(given) else str(uuid_utils.uuid7())
