"""What is said of a run that was computed once more."""

from enum import StrEnum

MAX_SHOWN = 50
"""Customers, records and rates that a result names; all are counted."""


class LateKind(StrEnum):
    """What may have been recorded late: ``customers`` are changed contracts and departures."""

    TRANSACTIONS = "transactions"
    INTERACTIONS = "interactions"
    COMPLAINTS = "complaints"
    PROMISES = "promises"
    SURVEY_RESPONSES = "survey_responses"
    CUSTOMERS = "customers"


class Remark(StrEnum):
    """What has to be borne in mind when a replay is read.

    ``other_rules``: the run was computed by rules that have changed since.
    ``other_reading``: facts are read in another way now: by another version, or in another time zone.
    ``fitted_to_all``: some of those who differ have no late data themselves; tiers are shares of a total and
    models are fitted to all customers, so the data of one moves the figures of others.
    ``unexplained``: results differ, and nothing is known that came late, was deleted or was changed.
    """

    OTHER_RULES = "other_rules"
    OTHER_READING = "other_reading"
    FITTED_TO_ALL = "fitted_to_all"
    UNEXPLAINED = "unexplained"
