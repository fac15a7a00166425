"""Drills with hostile bodies, each of 4 MiB: what they hold back. See `benchmarks.abuse`."""

from collections import Counter
from collections.abc import Callable, Iterator

from benchmarks.abused_service import Service

BODY_BYTES = 4 * 1024 * 1024
_ONE_FAULT = '{"customer": {"system": "crm", "key": "C-000001"}, "colour": 1}'
_GOOD = (
    '{"customer": {"system": "crm", "key": "C-000001"}, "source": "drill", "external_id": "%s", "kind":'
    ' "purchase", "amount": {"amount": "12.50", "currency": "TRY"}, "occurred_at": "2026-01-23T09:30:00Z"}'
)

Shape = Callable[[], bytes]


def _filled(part: Callable[[int], str], before: str, after: str, most: int = BODY_BYTES) -> bytes:
    """As many parts as fit into a body."""
    size = len(part(100_000).encode()) + 1
    count = min(most, (BODY_BYTES - len(before) - len(after)) // size)
    return (before + ",".join(map(part, range(count))) + after).encode()


def _repeated(text: str) -> bytes:
    return b'{"name": "' + text.encode() * ((BODY_BYTES - 20) // len(text.encode())) + b'"}'


def _many_unknown(members: int) -> str:
    return "{" + ",".join(f'"k{number}":1' for number in range(members)) + "}"


SHAPES: dict[str, Shape] = {
    "unknown members": lambda: _filled(lambda n: f'"k{n:06d}":1', "{", "}"),
    "nested lists": lambda: b"[" * (BODY_BYTES // 2) + b"]" * (BODY_BYTES // 2),
    "nested objects": lambda: b'{"a":' * (BODY_BYTES // 6) + b"1" + b"}" * (BODY_BYTES // 6),
    "one text": lambda: _repeated("a"),
    "one name": lambda: b'{"' + b"k" * (BODY_BYTES - 20) + b'": 1}',
    "combining marks": lambda: _repeated("\u0327\u0301"),
    "decomposed letters": lambda: _repeated("c\u0327"),
    "escapes of NUL": lambda: _repeated("\\u0000"),
    "escaped pairs": lambda: _repeated("\\ud83d\\ude00"),
    "one number": lambda: b'{"name": ' + b"9" * (BODY_BYTES - 20) + b"}",
    "long names": lambda: _filled(lambda n: f'"{n:06d}{"k" * 2000}":1', "{", "}"),
    "one member, repeated": lambda: _filled(lambda n: '"name":1', "{", "}"),
    "numbers as items": lambda: _filled(lambda n: "1", '{"items":[', "]}"),
    "lists as items": lambda: _filled(lambda n: "[]", '{"items":[', "]}"),
    "lists of lists": lambda: _filled(lambda n: "[[1],[2]]", '{"items":[', "]}"),
    "99,000 short items": lambda: _filled(lambda n: "1", '{"items":[', "]}", 99_000),
    "1,000 items of 97 unknown members": lambda: _filled(
        lambda n: _many_unknown(97), '{"items":[', "]}", 1_000
    ),
    "1,000 wrong items": lambda: _filled(lambda n: _ONE_FAULT, '{"items":[', "]}", 1_000),
    "1,000 items, each naming a member twice": lambda: _filled(
        lambda n: '{"a":1,"a":2}', '{"items":[', "]}", 1_000
    ),
    "1,000 good items": lambda: _filled(lambda n: _GOOD % n, '{"items":[', "]}", 1_000),
    "white space": lambda: b"{" + b" " * (BODY_BYTES - 2) + b"}",
    "not JSON": lambda: b"\xff" * BODY_BYTES,
}
"""Bodies of at most 4 MiB, each of which costs somebody who is careless more than it costs to send."""

FILES: dict[str, Shape] = {
    **{name: SHAPES[name] for name in ("unknown members", "nested lists", "combining marks", "not JSON")},
    "one line": lambda: b"a" * BODY_BYTES,
    "line ends": lambda: b"\n" * BODY_BYTES,
    "two million columns": lambda: b"," * BODY_BYTES,
    "open quote": lambda: b'external_id,amount\n"' + b"x,\n" * (BODY_BYTES // 3 - 10),
    "quotes": lambda: b'"' * BODY_BYTES,
    "many columns": lambda: b",".join(b"c%d" % number for number in range(500_000)) + b"\n1,2",
    "short lines": lambda: b"external_id,amount\n" + b"1\n" * (BODY_BYTES // 2 - 20),
}
"""The same for uploads of files."""


def _posted(service: Service, path: str, shapes: dict[str, Shape], method: str = "POST", **head: str) -> str:
    answers = Counter[int]()
    for shape in shapes.values():
        answers[service.send(method, path, shape(), **head)[0]] += 1
    return f"{answers.total()} bodies to {path}: {dict(sorted(answers.items()))}"


def single(service: Service) -> str:
    """Every shape as a customer."""
    return _posted(service, "/v1/customers", SHAPES)


def batch(service: Service) -> str:
    """Every shape as a batch of sales, where a wrong item does not refuse the others."""
    return _posted(service, "/v1/transactions/batch?partial=true", SHAPES)


def whole_batch(service: Service) -> str:
    """Every shape as a batch that is stored whole or not at all."""
    return _posted(service, "/v1/exchange-rates/batch", SHAPES)


def mapping(service: Service) -> str:
    """Every shape as an import mapping."""
    return _posted(service, "/v1/import-mappings/drill", SHAPES, "PUT")


def csv_file(service: Service) -> str:
    """Every shape of file as CSV."""
    return _posted(service, f"/v1/imports?{'&'.join(_columns())}", FILES, content_type="text/csv")


def lines_file(service: Service) -> str:
    """Every shape of file as JSON Lines."""
    path = f"/v1/imports?{'&'.join(_columns())}"
    return _posted(service, path, FILES, content_type="application/x-ndjson")


def _columns() -> Iterator[str]:
    yield "source=drill&currency=TRY"
    for target in ("external_id", "amount", "occurred_at", "customer_key"):
        yield f"column={target}%3D{target}"


DRILLS = {
    "bodies-single": single,
    "bodies-batch": batch,
    "bodies-whole": whole_batch,
    "bodies-mapping": mapping,
    "bodies-csv": csv_file,
    "bodies-lines": lines_file,
}
