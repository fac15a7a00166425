"""What people read, in English, Turkish and Azerbaijani.

English is the message id itself; ``app/locales/{tr,az}.po`` hold the other two. Placeholders are
plain ``{name}``: values are put in as text and never interpreted, so they may come from a caller.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from babel.messages.pofile import read_po

from app.domain.common.messages import Message

LANGUAGES = ("en", "tr", "az")
DEFAULT_LANGUAGE = "en"
_DECIMAL_COMMA = ("tr", "az")

_LOCALES = Path(__file__).parent / "locales"
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MAX_VALUE_CHARS = 200
_MAX_HEADER_CHARS = 1000


@lru_cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return message id -> translation of ``language``; empty for English and unknown languages."""
    if language not in LANGUAGES or language == DEFAULT_LANGUAGE:
        return MappingProxyType({})
    with (_LOCALES / f"{language}.po").open("rb") as file:
        entries = [entry for entry in read_po(file, locale=language) if entry.id and entry.string]
    return MappingProxyType({str(entry.id): str(entry.string) for entry in entries})


def is_known(message: str) -> bool:
    """Tell whether ``message`` is one of our own texts, hence free of anybody's data."""
    return message in catalogue("tr")


def translate(message: str, language: str, /, **params: object) -> str:
    """Return ``message`` in ``language`` with each ``{name}`` replaced by ``params[name]``.

    Never raises: an unknown message or language gives English, a missing parameter leaves its
    placeholder, and values are cut at 200 characters with control characters and unpaired
    surrogates replaced.

    >>> translate("Expected at most {max_length} characters.", "tr", max_length=5)
    'En fazla 5 karakter bekleniyor.'
    """
    text = catalogue(language).get(message, message)
    if "{" not in text:
        return text
    return _PLACEHOLDER.sub(lambda m: _printable(params[m[1]]) if m[1] in params else m[0], text)


def render(language: str, /, *messages: Message) -> str:
    """Return messages of the rules in ``language``, one after the other.

    >>> silence = Message("No purchase for {value}; ...", {"value": Message("{number} days", {"number": 61})})
    >>> render("en", silence, Message("This raises the risk."))
    'No purchase for 61 days; ... This raises the risk.'
    """
    return " ".join(
        translate(
            message.id,
            language,
            **{name: _written(value, language) for name, value in message.params.items()},
        )
        for message in messages
    )


def _written(value: str | float | Message, language: str) -> str:
    """A placeholder's value: numbers with one decimal, or none where it is 0."""
    if isinstance(value, str):
        return value
    if isinstance(value, Message):
        return render(language, value)
    number = f"{value:.1f}".removesuffix(".0")
    return number.replace(".", ",") if language in _DECIMAL_COMMA else number


def clean(value: str, max_chars: int = _MAX_VALUE_CHARS) -> str:
    """Return ``value`` cut at ``max_chars``, with unprintable characters as U+FFFD."""
    return _UNPRINTABLE.sub("\ufffd", value[:max_chars])


def _printable(value: object) -> str:
    try:
        return clean(str(value))
    except Exception:
        return "?"


@lru_cache(maxsize=256)
def negotiate(accept_language: str | None) -> str:
    """Return the best of `LANGUAGES` for an Accept-Language header, English if none fits.

    Regions and scripts are ignored (``az-Latn-AZ`` is ``az``); a member that does not follow
    RFC 9110 is skipped.

    >>> negotiate("de, tr-TR;q=0.8, az;q=0.9")
    'az'
    """
    best, best_quality = DEFAULT_LANGUAGE, 0.0
    for member in (accept_language or "")[:_MAX_HEADER_CHARS].split(","):
        tag, _, weight = member.partition(";")
        language = tag.strip().partition("-")[0].lower()
        quality = _quality(weight)
        if language == "*":
            language = DEFAULT_LANGUAGE
        if language in LANGUAGES and quality > best_quality:
            best, best_quality = language, quality
    return best


def _quality(weight: str) -> float:
    """Read ``q=0.5``; 1 when absent, 0 (not wanted) when malformed."""
    weight = weight.strip()
    if not weight:
        return 1.0
    match = re.fullmatch(r"[qQ]=((?:0(?:\.[0-9]{0,3})?)|(?:1(?:\.0{0,3})?))", weight)
    return float(match[1]) if match else 0.0
