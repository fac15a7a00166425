"""What customers' attributes hold, by customer."""

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from app.store.sql import numpy_io
from app.store.sql.numpy_io import ID, Ids
from app.store.tables import CustomerLookup
from app.store.transactions import ReadTx


def values(tx: ReadTx, name: str) -> tuple[Ids, NDArray[np.object_]]:
    """Read an attribute of all customers who have it: ids, ascending, and values as texts.

    It is read from the index that attributes are searched by, not from the customers one by one.
    """
    lookup, begins, ends = CustomerLookup, f"{name}=", f"{name}>"  # ">" comes after "="
    statement = (
        select(numpy_io.raw_id(tx, lookup.customer_id), lookup.value)
        .where(lookup.kind == "attribute", lookup.value >= begins, lookup.value < ends)
        .order_by(lookup.customer_id)
    )
    ids, found = numpy_io.read(tx, statement, [ID, object])
    texts = [text[len(begins) :] for text in found.tolist()]
    return ids, np.array(texts, dtype=object)
