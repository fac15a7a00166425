"""A company that sells in autumn only, in the store: what season, ranks and their reasons are tried on."""

from uuid import UUID

import factories
import numpy as np
from sqlalchemy import Connection

from app.domain.common.access import Actor
from app.domain.common.days import day_of
from app.store.engine import Store
from benchmarks.trust.season import annual


def fill(store: Store, actor: Actor, customers: int = 500, seed: int = 3) -> list[UUID]:
    """Record its sales from 2021 to 2026; the customers, those who came first before the others."""
    shop = annual(seed, customers)
    owners, first = np.unique(shop.owner, return_index=True)
    place = {owner: number for number, owner in enumerate(owners[np.argsort(shop.day[first], kind="stable")])}

    def made(tx: Connection) -> list[UUID]:
        return [factories.customer(tx, actor, f"Customer {number}") for number in range(len(place))]

    ids = store.write_sync(made)
    sold = zip(shop.owner.tolist(), shop.day.tolist(), strict=True)
    store.write_sync(factories.sales, [(ids[place[owner]], day_of(day)) for owner, day in sold])
    return ids
