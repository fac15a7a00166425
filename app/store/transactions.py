"""Types of an open transaction: `ReadTx` can only select, `WriteTx` can do everything.

A use case says by the type of its first argument which it needs, so that a write within a read fails mypy.
"""

from typing import Any, Protocol, TypeVarTuple

from sqlalchemy import CompoundSelect, Connection, CursorResult, Dialect, Select

Ts = TypeVarTuple("Ts")

WriteTx = Connection
"""A transaction that commits when the use case returns."""

Row = dict[str, Any]
"""A row of a table, or what a use case returns, by column or member."""


class ReadTx(Protocol):
    """A transaction in which nothing is written. Every `WriteTx` is one."""

    @property
    def dialect(self) -> Dialect:
        """The database's dialect."""

    def execute(
        self, statement: Select[*Ts] | CompoundSelect[*Ts], parameters: Any = None, /
    ) -> CursorResult[*Ts]:
        """Run a select."""
