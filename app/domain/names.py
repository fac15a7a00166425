"""Search keys for names: one spelling for everything a Turkish or Azerbaijani keyboard may produce."""

import unicodedata

MAX_TEXT = 2000
"""Characters of a text that are looked at; normalising a longer one could take quadratic time."""

MAX_WORDS = 20
"""Words kept of one text."""

MAX_WORD = 64
"""Characters kept of one word."""

# Letters of the two alphabets that Unicode does not decompose. U+01DD looks like ə and is typed for it.
_LETTERS = {"ı": "i", "ə": "e", "ǝ": "e"}


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
    letters); ş, ç, ğ, ü, ö and every other accented letter lose their mark, ə becomes e; punctuation
    becomes one space. Composed and decomposed spellings fold alike, and folding twice changes nothing.
    Of a longer text only the first `MAX_TEXT` characters count.

    >>> fold("  IŞIK,  Əliyev-ÇAĞRI "), fold("Işık") == fold("isik")
    ('isik eliyev cagri', True)
    """
    # Twice: case folding may give a letter that decomposes further.
    folded = unicodedata.normalize("NFKD", text[:MAX_TEXT]).casefold()
    folded = unicodedata.normalize("NFKD", folded)
    return " ".join(folded.translate(_FOLDING).split())


def words(text: str) -> tuple[str, ...]:
    """Give the distinct folded words of a text in order, at most `MAX_WORDS` of `MAX_WORD` characters.

    >>> words("Ali ALİ Işık")
    ('ali', 'isik')
    """
    return tuple(dict.fromkeys(word[:MAX_WORD] for word in fold(text).split()))[:MAX_WORDS]
