"""The format DBOS keeps job state in: JSON, so that what stands in the store is data and never code.

DBOS pickles by default, and unpickles every row that says ``py_pickle``, whatever serializer is set: anyone
who can write the store could run code at the next start. The default serializer is therefore replaced too.
"""

from typing import Any, NoReturn

from dbos._serialization import DBOSPortableJSON, DefaultSerializer, Serializer

SERIALIZER: Serializer = DBOSPortableJSON
"""For `DBOSConfig`; what it reads and writes is JSON."""

REFUSED = "pickled job state is refused"


class PickledStateError(Exception):
    """A row of DBOS holds a pickle: it was planted, or written by a version before JSON."""

    def __init__(self) -> None:
        super().__init__(REFUSED)


def refuse_pickles() -> None:
    """Make DBOS unable to read or write a pickle in this process; idempotent.

    A row that says ``py_pickle`` still gets an outcome, in JSON, so that its workflow ends.
    """
    DefaultSerializer.deserialize = _refuse  # type: ignore[method-assign]
    DefaultSerializer.serialize = _as_json  # type: ignore[method-assign]


def is_refused(workflow: Any) -> bool:
    """Whether the workflow, read with its input, could not go on because its state is no JSON.

    DBOS gives a workflow's input as text where it cannot read it.
    """
    return (
        isinstance(workflow.input, str) or getattr(workflow.error, "name", "") == PickledStateError.__name__
    )


def _refuse(cls: DefaultSerializer, serialized_data: str) -> NoReturn:
    raise PickledStateError


def _as_json(self: DefaultSerializer, data: Any) -> str:
    return DBOSPortableJSON.serialize(str(data) if isinstance(data, BaseException) else data)


refuse_pickles()
