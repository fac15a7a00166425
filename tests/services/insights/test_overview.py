"""Who is calling, where a number can be read in two ways; on both databases."""

import factories
from support import phone

from app.domain.common.access import system
from app.domain.common.company import Company
from app.schemas.insights.overview import ScreenPopQuery
from app.services.insights import overview
from app.store.engine import Store

ACTOR = system(Company(phone_regions=("TR", "US")))
TURKISH, AMERICAN = "+902125550123", "+12125550123"
ASKED = ScreenPopQuery(phone="212 555 0123")


def test_every_reading_of_a_national_number_is_looked_for(store: Store) -> None:
    american = store.write_sync(factories.customer, ACTOR, contact_points=[phone(AMERICAN)])
    found = store.read_sync(overview.screen_pop, ACTOR, ASKED, "en")
    assert (found["match"], found["customer"]["id"]) == ("known", american)
    store.write_sync(factories.customer, ACTOR, contact_points=[phone(TURKISH)])
    assert store.read_sync(overview.screen_pop, ACTOR, ASKED, "en")["match"] == "maybe"


def test_a_customer_with_both_readings_is_one(store: Store) -> None:
    store.write_sync(factories.customer, ACTOR, contact_points=[phone(TURKISH), phone(AMERICAN)])
    assert store.read_sync(overview.screen_pop, ACTOR, ASKED, "en")["match"] == "known"
