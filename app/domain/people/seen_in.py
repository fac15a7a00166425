"""Which records name agents by their code."""

from enum import StrEnum


class SeenIn(StrEnum):
    """Records in which an agent's code can stand."""

    INTERACTIONS = "interactions"
    COMPLAINTS = "complaints"
    """As the owner."""
    INVITATIONS = "survey_invitations"
    RESPONSES = "survey_responses"
