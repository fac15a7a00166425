"""What files say of contracts besides their days: named attributes, and of a snapshot age and who left."""

import json
from collections.abc import Mapping
from enum import StrEnum
from hashlib import blake2b
from types import MappingProxyType
from typing import Any


class AgeUnit(StrEnum):
    """What the age of a contract counts."""

    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"


DAYS_IN: Mapping[str, float] = MappingProxyType(
    {AgeUnit.DAYS.value: 1.0, AgeUnit.MONTHS.value: 365.25 / 12, AgeUnit.YEARS.value: 365.25}
)
"""Length of a unit on average; it makes ages of several units comparable, and no days of them."""

OLDEST = {AgeUnit.DAYS.value: 73_050, AgeUnit.MONTHS.value: 2_400, AgeUnit.YEARS.value: 200}
"""Greatest age by unit: 200 years."""


def digest(statement: Mapping[str, Any]) -> int:
    """A number of 64 bits that is the same for statements that say the same, and never 0.

    >>> digest({"age": 3, "attributes": {"a": 1}}) == digest({"attributes": {"a": 1}, "age": 3})
    True
    """
    text = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True) or 1
