"""Who stands above whom: parents of units, and the roles that roles report to."""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple


class Place(NamedTuple):
    """Where a unit or a role stands."""

    above: str | None
    is_active: bool


def way_up(places: Mapping[str, Place], start: str | None) -> Iterator[str]:
    """Yield ``start`` and whatever stands above it, each once; ends at a code that is not registered.

    >>> list(way_up({"a": Place("b", True), "b": Place(None, True)}, "a"))
    ['a', 'b']
    """
    seen: set[str] = set()
    while start is not None and start in places and start not in seen:
        yield start
        seen.add(start)
        start = places[start].above


def makes_circle(places: Mapping[str, Place], code: str, above: str | None) -> bool:
    """Tell whether ``code`` would stand above itself with ``above`` right above it.

    >>> makes_circle({"a": Place("b", True), "b": Place(None, True)}, "b", "a")
    True
    """
    return above == code or code in way_up(places, above)


def first_active(places: Mapping[str, Place], start: str | None) -> str | None:
    """Give the nearest active one from ``start`` upward, None if there is none.

    >>> first_active({"a": Place("b", False), "b": Place(None, True)}, "a")
    'b'
    """
    return next((code for code in way_up(places, start) if places[code].is_active), None)


def with_those_below(places: Mapping[str, Place], codes: Collection[str]) -> frozenset[str]:
    """Give ``codes``, registered or not, and whatever stands below one of them.

    >>> tree = {"izmir": Place("turkey", True), "turkey": Place(None, True)}
    >>> sorted(with_those_below(tree, ["turkey", "baku"]))
    ['baku', 'izmir', 'turkey']
    """
    wanted = frozenset(codes)
    return wanted | {code for code in places if not wanted.isdisjoint(way_up(places, code))}
