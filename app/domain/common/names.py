"""Search keys for names: one spelling for everything that keyboards of many languages may produce."""

import re
import unicodedata
from itertools import product

MAX_TEXT = 2000
"""Characters of a text that are looked at; normalising a longer one could take quadratic time."""

MAX_WORDS = 20
"""Words kept of one text."""

MAX_WORD = 64
"""Characters kept of one word."""

KEYS_OF_A_WORD = 8
"""Most keys of one word that can be written in several ways."""

KEYS_IN_ALL = 5
"""Most keys of one text, for each of the words that are kept."""

# Letters that Unicode does not decompose. U+01DD looks like ə and is typed for it.
_LETTERS = {
    "ı": "i", "ə": "e", "ǝ": "e", "ł": "l", "đ": "d", "ð": "d", "ø": "o", "æ": "ae", "œ": "oe", "þ": "th",
    "ħ": "h", "ŋ": "n", "ŧ": "t", "ĸ": "k", "ɨ": "i", "ɫ": "l",
    "ʼ": " ", "ʻ": " ", "ʹ": " ", "ʿ": " ", "ʾ": " ",
}  # fmt: skip

# What else people type for a letter, beside what it folds to.
_OTHERWISE = {"ə": ("a",), "ǝ": ("a",), "æ": ("a",), "đ": ("dj",), "ð": ("dh",), "þ": ("p",)}
_DIGRAPHS = {"ü": "ue", "ö": "oe", "ä": "ae", "ø": "oe", "å": "aa", "œ": "o"}
_NO_DIGRAPHS = frozenset("əǝışğçİ")  # of languages that do not write ue for ü
_ENGLISH = str.maketrans(
    dict(zip("əǝşçxqğcıüö", ("a", "a", "sh", "ch", "kh", "g", "gh", "j", "i", "u", "o"), strict=True))
)  # as Azerbaijani names are spelt in English
_PLAIN = re.compile(r"[a-z0-9 ]*", re.ASCII)

_JOINERS = "'’‘‛`´ʼʻʹʿʾ′＇-‐‑‒–﹣－"
_JOINED = re.compile(rf"(?<=[^\W_])[{re.escape(_JOINERS)}](?=[^\W_])")


class _Folding(dict[int, str]):
    """What becomes of a decomposed, case-folded character; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        category = unicodedata.category(char)
        if char in _LETTERS:
            folded = _LETTERS[char]
        elif category[0] in "LN" or category == "Mc":  # Mc: vowels that are part of an Indic word
            folded = char
        elif category in ("Mn", "Me", "Cf"):  # diacritics, and invisible joiners inside a word
            folded = ""
        else:
            folded = " "
        self[code] = folded
        return folded


_FOLDING = _Folding()


def fold(text: str) -> str:
    """Fold a name so that equal names have equal keys, whatever the case, accents or keyboard.

    I, ı, İ and i all become i (the four cannot be told apart once someone typed without Turkish
    letters); ş, ç, ğ, ü, ö and every other accented letter lose their mark, ə becomes e, ł l, ø o, æ ae,
    ß ss; punctuation becomes one space. Composed and decomposed spellings fold alike, and folding twice
    changes nothing. Of a longer text only the first `MAX_TEXT` characters count.

    >>> fold("  IŞIK,  Əliyev-ÇAĞRI "), fold("Işık") == fold("isik")
    ('isik eliyev cagri', True)
    """
    # Twice: case folding may give a letter that decomposes further.
    folded = unicodedata.normalize("NFKD", text[:MAX_TEXT]).casefold()
    folded = unicodedata.normalize("NFKD", folded)
    return " ".join(folded.translate(_FOLDING).split())


def keys(name: str, most: int = MAX_WORDS) -> tuple[str, ...]:
    """Give the words that a name is found by: at most ``most`` words of it, each in the ways it is typed.

    A letter that people replace in several ways gives a key for each (ə by e or a, ü by u or ue), of one word
    at most `KEYS_OF_A_WORD`. Parts joined by an apostrophe or hyphen are words, and so is the whole.

    >>> keys("Heydər D'Angelo")
    ('heyder', 'heydar', 'd', 'angelo', 'dangelo')
    >>> keys("Ali ALİ Işık")
    ('ali', 'isik')
    """
    found: dict[str, None] = {}
    for word in _words(name)[:most]:
        found.update(dict.fromkeys(key for part in _parts(word) for key in _spellings(part, name)))
    return tuple(found)[: KEYS_IN_ALL * most]


def query(text: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Give what a search for ``text`` asks of a name: for every word the ways to find it, each of which is
    one or more beginnings of `keys` that must all be there.

    >>> query("Ali d'angelo")
    ((('ali',),), (('dangelo',), ('d', 'angelo')))
    """
    asked = []
    for word in _words(text)[:MAX_WORDS]:
        *parts, whole = _parts(word)
        ways: list[tuple[str, ...]] = [(key,) for key in _spellings(whole, text)]
        if parts:
            ways.append(tuple(dict.fromkeys(key for part in parts if (key := _first(part)))))
        if ways := [way for way in ways if way]:
            asked.append(tuple(dict.fromkeys(ways)))
    return tuple(dict.fromkeys(asked))


# --- inside


def _words(text: str) -> list[str]:
    """The words of a text as they are written, joined ones whole, composed."""
    text = unicodedata.normalize("NFC", text[:MAX_TEXT])
    text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    if _PLAIN.fullmatch(text):
        return list(dict.fromkeys(text.split()))
    words = []
    for piece in text.split():
        # Two hyphens, an apostrophe before a blank, and other punctuation part words.
        marked = _JOINED.sub("\x00", piece)
        apart = "".join(
            char if char == "\x00" or unicodedata.category(char)[0] in "LNM" else " " for char in marked
        )
        words += [word for word in apart.split() if _first(word.replace("\x00", ""))]
    return list(dict.fromkeys(words))


def _parts(word: str) -> list[str]:
    """The parts of a joined word and then the whole; of any other the word alone."""
    parts = [part for part in word.split("\x00") if part]
    return [*parts, "".join(parts)] if len(parts) > 1 else parts


def _first(word: str) -> str:
    return fold(word).replace(" ", "")[:MAX_WORD]


def _spellings(word: str, name: str) -> list[str]:
    """The keys of one word, that of `fold` first."""
    if _PLAIN.fullmatch(word):
        return [word[:MAX_WORD]]
    is_turkic = bool(_NO_DIGRAPHS & {*word, *word.lower()})
    lower = unicodedata.normalize("NFC", word.replace("I", "ı" if is_turkic else "i").casefold())
    found = dict.fromkeys([_first(word)])
    choices = [(char, *_OTHERWISE.get(char, ())) for char in lower]
    for chosen in product(*choices) if sum(map(len, choices)) <= len(lower) + 3 else _uniform(choices):
        found[_first("".join(chosen))] = None
    if not is_turkic:
        found[_first("".join(_DIGRAPHS.get(char, char) for char in lower))] = None
    if "ə" in name.lower() or "ǝ" in name.lower():
        found[_first(lower.translate(_ENGLISH))] = None
    return [key for key in found if key][:KEYS_OF_A_WORD]


def _uniform(choices: list[tuple[str, ...]]) -> list[list[str]]:
    """All first, or all last choices: a word of many such letters is not typed in all the ways there are."""
    return [[options[place] for options in choices] for place in (0, -1)]
