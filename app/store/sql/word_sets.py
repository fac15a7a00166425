"""Rows found by words that begin words of theirs: as sets, or one by one in the order of a list.

Why both ways, and where one is better than the other: docs/decisions/0040-lists-of-a-million.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, false, func, intersect, literal, or_, select, union

from app.store.transactions import ReadTx

SHORT = 2
"""Letters of a beginning that so many rows may have that it is not looked up beside a longer one."""

FREQUENT = 3_000
"""Rows found from which on to sort them all takes longer than to look for a page of them in order."""

Word = Sequence[Sequence[str]]
"""The ways to find one word, each the beginnings that must all be there (`app.domain.common.names.query`)."""


@dataclass(frozen=True, slots=True)
class WordSets:
    """A table of words and the rows that have them.

    Args:
        row_id: column of the rows.
        owner: column of the table of words: whose it is.
        value: column of the table of words: the word.
        are_words: which entries of the table are words; none of them where all are.
        kept_apart: the same, written so that the index of words does not serve.
    """

    row_id: Any
    owner: Any
    value: Any
    are_words: Sequence[Any] = ()
    kept_apart: Sequence[Any] = ()

    def condition(self, words: Sequence[Word], *, one_by_one: bool) -> Any:
        """The condition that every word begins a word of the row, in one of its spellings.

        Each word's rows are found once, as a set: asked row by row, two usual words would be looked up again
        for each that has one of them.
        """
        if not words:
            return false()  # a search without a letter finds nothing, not everything
        if one_by_one:
            return and_(*map(self._has, words))
        long = _long(words)
        return and_(
            self.row_id.in_(self._found(long)), *(self._has(word) for word in words if word not in long)
        )

    def finds_many(self, tx: ReadTx, words: Sequence[Word], most: int = FREQUENT) -> bool:
        """Whether so many rows match that a page of them is soon found one by one; the count stops there."""
        if not words:
            return False
        some = self._found(_long(words)).limit(most).subquery()
        return bool(tx.execute(select(func.count()).select_from(some)).scalar_one() == most)

    def _found(self, words: Sequence[Word]) -> Any:
        """Select the rows with all words."""
        owners = [self._owners(word) for word in words]
        return intersect(*owners) if len(owners) > 1 else owners[0]

    def _owners(self, word: Word) -> Any:
        """Select the rows with a word."""
        alone = [_begins(self.value, way[0]) for way in word if len(way) == 1]
        found = [self._with(or_(*alone))] if alone else []
        together = [[self._with(_begins(self.value, part)) for part in way] for way in word if len(way) > 1]
        found += [_of(intersect(*parts)) for parts in together]
        return found[0] if len(found) == 1 else _of(union(*found))

    def _with(self, condition: Any) -> Any:
        return select(self.owner).where(*self.are_words, condition)

    def _has(self, word: Word) -> Any:
        """The condition that a row is among `_owners`, asked of each."""
        # Not EXISTS, which PostgreSQL would turn into a set; and written so that the index of words does not
        # serve: a row has few words, and a beginning many.
        mine = select(literal(1)).where(self.owner == self.row_id, *self.kept_apart)
        one = mine.correlate(self.row_id.table).limit(1)
        value = self.value if self.kept_apart else self.value + ""
        return or_(
            *(
                and_(*(one.where(_begins(value, part)).scalar_subquery().is_not(None) for part in way))
                for way in word
            )
        )


def _begins(value: Any, word: str) -> Any:
    return and_(value >= word, value < word + "\U0010ffff")


def _long(words: Sequence[Word]) -> Sequence[Word]:
    """The words that are looked up as sets: where there is a longer one, not those that are short."""
    return [
        word for word in words if max(len(beginning) for way in word for beginning in way) > SHORT
    ] or words


def _of(sets: Any) -> Any:
    """Select from sets put together: SQLite knows no brackets around them."""
    [column] = sets.subquery().c
    return select(column)
