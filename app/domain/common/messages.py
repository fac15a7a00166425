"""Messages of the rules to people; `app.texts` puts them into a language."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Message:
    """A text for people.

    Args:
        id: the text in English, with ``{name}`` placeholders.
        params: what the placeholders stand for. A message is translated too, and a number is written with
            at most one decimal, as the language writes it.
    """

    id: str
    params: "Mapping[str, str | float | Message]" = field(default_factory=dict)


def percent(number: float) -> Message:
    """Write percent: languages put the sign on different sides."""
    return Message("{number}%", {"number": number})
