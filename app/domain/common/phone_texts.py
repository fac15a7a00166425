"""What stands around a telephone number: names, URIs, labels, dialing codes, extensions."""

import re
import unicodedata
from typing import NamedTuple
from urllib.parse import unquote

from app.domain.common.names import fold

_EXTENSION_WORDS = (
    r"extension|extn|ext|dahili no|dahili hat|dahili|dâhili|dah|iç hat|daxili nömrə|daxili|dax|доб|внутр|"
    r"interno|int|poste|durchwahl|anexo|ramal|isub|postd|x"
)
_EXTENSION = re.compile(
    rf"(?<![^\W\d_])(?:{_EXTENSION_WORDS})[.:=\s#]{{0,6}}(?P<extension>[0-9]{{1,9}})\)?\Z", re.IGNORECASE
)
_PAUSED = re.compile(r"[,;pw][,;pw\s]{0,9}(?P<extension>[0-9]{1,8})\Z", re.IGNORECASE)
_MARKED = re.compile(r"[#*]\s{0,3}(?P<extension>[0-9]{1,6})\Z")
_BEHIND = re.compile(r"(?:[/-]\s{0,3}(?P<bare>[0-9]{1,6})|\((?P<bracketed>[0-9]{1,6})\))\Z")

_SCHEMES = "sips|sip|tel|callto|h323|phone|whatsapp|facetime-audio|facetime|sms|skype"
_URI = re.compile(rf"(?:{_SCHEMES})\s*:(?://)?(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_LINK = re.compile(r"(?:https?://)?(?:wa\.me|api\.whatsapp\.com)/(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+")
_IP = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_QUOTED_NAME = re.compile(r'\s*"(?:[^"\\]|\\.)*"\s*(?=<)')
_BRACKETS = re.compile(r"[^<>]*<(?P<inside>[^<>]*)>(?P<behind>[^<>]*)")
_NAMED = re.compile(
    r"(?![^(]*(?:[0-9][^(0-9]{0,3}){7})[^()<>]*[^\W\d_][^()<>]*\((?P<inside>\+?[0-9][0-9 .+-]{5,20}[0-9])\)"
    r"|[^\d()<>]*[^\W\d_][^\d()<>]*\((?P<short>[0-9]{2,6})\)"
)
# The channels of Asterisk: PJSIP/05321234567-0000001f, DAHDI/i1/05321234567-4, Local/1001@internal-00a1;2
_CHANNEL = re.compile(
    r"(?:PJSIP|SIP|IAX2|Local|DAHDI|Dahdi|mISDN|SCCP|Skinny|Agent)/(?:[a-z][0-9]{1,2}/)?(?P<inside>\+?[0-9]{2,17})"
    r"(?:@[^\s;]*?)?(?:-[0-9A-Fa-f]{1,10})?(?:;[12])?"
)
_ENCODED = re.compile(r"%(?:2[0B8]|3[Cc])", re.IGNORECASE)
_QUOTED = re.compile(r"=?([\"'])(?P<inside>[^\"']*)\1")

# Call-related services begin with * or # (ETSI EG 201 973, 3GPP TS 22.030), those of North America are *67.
_SERVICE = re.compile(r"(?:[*#]{1,2}[0-9]{2,3}[*#]|\*[1-9][0-9](?![0-9]*[*#]))\s*,?\s*")
_OUTSIDE_LINE = re.compile(r"[0-9]\s*(?:,|p|w)[,pw\s]*(?=[+(0-9])", re.IGNORECASE)
_SPACED_PREFIX = re.compile(r"(?:[0-9]|10[0-9]{2,3})[\s-]+(?=[+(]?0)")

_LABELS = (
    "telefon|telephone|telefonu|tel no|tel|phone|phone number|number|mobile|mobil|mob|cell|gsm|cep tel|cep|"
    "ev tel|ev|iş tel|iş|home|work|office|ofis|fax|faks|whatsapp|nömrə|numara|no|тел|моб"
)
_LABELLED = re.compile(
    rf"(?:(?:{_LABELS}|ext|extension|dahili|daxili|iç hat)\b\s*[.:]*|[^\W\d_][^\d+:]{{0,40}}:)\s*"
    r"(?=[+(0-9*#'])",
    re.IGNORECASE,
)
_LABELLED_BEHIND = re.compile(
    rf"(?:[(\[][^\d()\[\]]{{1,60}}[)\]]|(?<=[\s,;-])(?:{_LABELS})\.?)\Z", re.IGNORECASE
)
_WITH_DECIMALS = re.compile(r"(\+?[0-9]{7,17})[.,]0{1,2}")
_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?E\+?[0-9]{1,2}", re.IGNORECASE)

_WITHHELD_WORDS = """
anonymous, anonymous caller, anonym, anonim, unknown, unknown caller, unknown number, private, private caller,
private number, restricted, withheld, number withheld, unavailable, not available, not provided, blocked,
hidden, hidden number, secret, no number, no caller id, caller id unavailable, out of area, none, null, nil,
n a, na, nan, undefined, asterisk,
gizli, gizli numara, gizli no, numara gizli, özel numara, özel, bilinmeyen, bilinmeyen numara, bilinmiyor,
numara yok, yok, gizlenmiş,
gizli nömrə, naməlum, naməlum nömrə, məxfi, məxfi nömrə, bilinmir, nömrə yoxdur, yoxdur,
неизвестный, неизвестный номер, скрытый номер, номер скрыт, аноним,
unbekannt, unterdrückt, inconnu, numéro inconnu, masqué, numéro masqué, privé, desconocido, privado, oculto
"""
_WITHHELD = frozenset(fold(words) for words in _WITHHELD_WORDS.split(","))
# The words anonymous, unavailable, restricted, blocked and unknown on the keys of a telephone.
_ON_KEYS = frozenset({"266696687", "86282452253", "7378742833", "2562533", "8656696"})
_PLACEHOLDER = re.compile(r"[-_.?*#xX0+\s/]*")
_DIGITS_LEAST = 7  # 444 1234


class Written(NamedTuple):
    """A text taken apart: what may be the number, the extension that is plain from the text, the code of
    the country that a URI names (``+90``), and whether it is the whole of a URI."""

    number: str
    extension: str | None = None
    context: str | None = None


def plain(text: str) -> str:
    """Give digits of any script as ASCII, blanks and dashes of any kind as one; drop what is invisible.

    >>> plain("٠٥٣٢\\u200b 12–34")
    '0532 12-34'
    """
    chars = []
    for char in text:
        category = unicodedata.category(char)
        if category == "Nd":
            chars.append(str(unicodedata.decimal(char)))
        elif category == "Zs" or char == "\t":
            chars.append(" ")
        elif category == "Pd" or char == "−":
            chars.append("-")
        elif "\uff01" <= char <= "\uff5e":  # wide forms
            chars.append(chr(ord(char) - 0xFEE0))
        elif char in "“”„«»":
            chars.append('"')
        elif char in "‘’`´":
            chars.append("'")
        elif category != "Cf":
            chars.append(char)
    return "".join(chars).strip(" ")


def is_rounded(text: str) -> bool:
    """Whether a spreadsheet has written a number with an exponent, which loses digits (``9.05E+11``)."""
    return _ROUNDED.fullmatch(plain(text)) is not None


def is_withheld(text: str) -> bool:
    """Whether a text says that there is no number: nothing, a dash, zeros, or the words that exchanges use.

    >>> [is_withheld(text) for text in ("", "-", "Anonymous", "Gizli Numara", "0000", "0532 123 45 67")]
    [True, True, True, True, True, False]
    """
    whole = plain(text)
    if _PLACEHOLDER.fullmatch(whole) or fold(whole) in _WITHHELD:
        return True
    number, *_ = taken_apart(text)
    digits = re.sub(r"\D", "", number)
    return bool(_PLACEHOLDER.fullmatch(number)) or fold(number) in _WITHHELD or digits in _ON_KEYS


def means_anonymous(text: str) -> bool:
    """Whether a text is one of the words by which exchanges say that the caller is not known.

    >>> means_anonymous("Anonymous"), means_anonymous("C-1"), means_anonymous("0")
    (True, False, False)
    """
    return not text[:1].isdigit() and fold(text) in _WITHHELD


def taken_apart(text: str) -> Written:
    """Leave out what stands around a number: names, brackets, URIs, labels, dialing codes, decimals.

    >>> taken_apart('"Ayse" <sip:+905321234567;ext=12@pbx;user=phone>;tag=7f')
    Written(number='+905321234567', extension='12', context=None)
    >>> taken_apart("Tel: 0212 555 12 34 dahili 12")
    Written(number='0212 555 12 34', extension='12', context=None)
    """
    rest = plain(unquote(text) if _ENCODED.search(text) else text)
    if named := _NAMED.fullmatch(rest):
        return _dialled(named["inside"] or named["short"])
    if channel := _CHANNEL.fullmatch(rest):
        return _dialled(channel["inside"])
    named = _BRACKETS.fullmatch(_QUOTED_NAME.sub("", rest, count=1))
    if named and (not named["behind"].strip() or named["behind"].lstrip().startswith((";", "?"))):
        rest = named["inside"].strip()
    if quoted := _QUOTED.fullmatch(rest):
        rest = quoted["inside"].strip()
    uri = _URI.fullmatch(rest) or _LINK.fullmatch(rest)
    if uri or _ADDRESS.fullmatch(rest):
        return _of_uri(uri["rest"].strip() if uri else rest)
    rest = rest.removeprefix("'").strip()
    rest = _LABELLED.sub("", rest, count=1) if _LABELLED.match(rest) else rest
    if label := _LABELLED_BEHIND.search(rest):
        rest = rest[: label.start()].rstrip(" ,;-")
    if decimals := _WITH_DECIMALS.fullmatch(rest):
        rest = decimals[1]
    return _dialled(rest)


def behind(text: str) -> tuple[str, str] | None:
    """The number and the short run of digits behind its last ``/`` or ``-`` or in brackets at its end, which
    are an extension where the whole is no number; None without them.

    >>> behind("0212 555 12 34 / 12")
    ('0212 555 12 34', '12')
    """
    found = _BEHIND.search(text)
    if found is None or not text[: found.start()].strip():
        return None
    return text[: found.start()].strip(), found["bare"] or found["bracketed"]


def is_next(number: str, last: str) -> bool:
    """Whether ``last`` counts on from the end of ``number``: ``0212 555 12 34-35`` are two numbers.

    >>> is_next("0212 555 12 34", "35"), is_next("0212 555 12 34", "12")
    (True, False)
    """
    group = re.search(r"[0-9]+\Z", number)
    return group is not None and group[0][-len(last) :] == str(int(last) - 1).zfill(len(last))


def without_prefix(text: str) -> str | None:
    """The number without the digits dialled for a line or a carrier, where a blank or dash tells them apart.

    >>> without_prefix("9 0532 123 45 67")
    '0532 123 45 67'
    """
    found = _SPACED_PREFIX.match(text)
    return text[found.end() :] if found else None


# --- inside


def _of_uri(rest: str) -> Written:
    """The user part of ``sip:``, ``tel:`` and their like, and the parameters that matter."""
    rest = rest.partition("?")[0]
    user, at, _host = rest.partition("@")
    user = user if at else rest
    number, *parameters = user.split(";")
    number = plain(unquote(number.partition(":")[0]))
    if _IP.fullmatch(number):
        return Written("")
    extension = context = None
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() in ("ext", "extension", "isub", "postd") and extension is None:
            digits = re.sub(r"[^0-9]", "", value)
            extension = digits if 0 < len(digits) <= 9 else None
        elif name.strip().lower() == "phone-context" and value.startswith("+"):
            context = re.sub(r"[^0-9+]", "", value)
    found = _dialled(number)
    return Written(found.number, extension or found.extension, context)


def _dialled(text: str) -> Written:
    """Take the codes that are dialled before a number and the extension behind it."""
    rest = text
    if service := _SERVICE.match(rest):
        rest = rest[service.end() :]
    rest = rest.rstrip("# ").rstrip(",;. ")
    if line := _OUTSIDE_LINE.match(rest):
        rest = rest[line.end() :]
    for form in (_EXTENSION, _PAUSED, _MARKED):
        found = form.search(rest)
        if found and len(re.sub(r"[^0-9]", "", rest[: found.start()])) >= _DIGITS_LEAST:
            return Written(rest[: found.start()].strip(" ,;(/-"), found["extension"])
    return Written(rest)
