"""Units: what kinds there are."""

from enum import StrEnum


class UnitKind(StrEnum):
    """What a unit is to the company."""

    COMPANY = "company"
    BRANCH = "branch"
    DEPARTMENT = "department"
    TEAM = "team"
