"""Drive a running service with the generated Python client: ``drive.py ADDRESS KEY``."""

import io
import sys
import time

from vefa_client import AuthenticatedClient
from vefa_client.api.customers import create_customer, get_customer_overview, get_screen_pop
from vefa_client.api.imports import create_import, get_import, list_refused_rows
from vefa_client.api.transactions import list_transactions
from vefa_client.models import ContactKind, ContactPointIn, CustomerCreate, ExternalId
from vefa_client.types import File

ORDERS = """order;customer;day;total
R-1;C-000001;23.11.2026;1.234,50
R-2;C-000001;24.11.2026;99,90
R-3;;24.11.2026;10,00
"""


def main(address: str, key: str) -> None:
    """Record a customer, find it by its number, take in a file, and read what came of it."""
    client = AuthenticatedClient(base_url=address, token=key, raise_on_unexpected_status=True)
    wait_until_ready(address)
    person = CustomerCreate(
        name="Ayşe Yılmaz",
        external_ids=[ExternalId(system="crm", key="C-000001")],
        contact_points=[ContactPointIn(kind=ContactKind.PHONE, value="0532 123 45 67")],
    )
    made = create_customer.sync(client=client, body=person)
    shown = get_screen_pop.sync(client=client, phone="+90 532 123 45 67")
    assert shown.customer.id == made.id, shown
    whole = get_customer_overview.sync(customer_id=made.id, client=client)
    assert whole.name == "Ayşe Yılmaz", whole

    columns = ["external_id=order", "customer_key=customer", "occurred_at=day", "amount=total"]
    begun = create_import.sync(
        client=client,
        body=File(payload=io.BytesIO(ORDERS.encode())),
        source="till",
        column=columns,
        currency="TRY",
        decimal_comma=True,
    )
    done = begun
    for _ in range(600):
        done = get_import.sync(import_id=begun.id, client=client)
        if done.state not in ("uploading", "waiting", "running"):
            break
        time.sleep(0.1)
    assert (done.rows_in, done.rows_stored, done.rows_refused) == (3, 2, 1), done
    [refused] = list_refused_rows.sync(import_id=begun.id, client=client).data
    assert refused.line == 4, refused
    amounts = sorted(sale.amount.amount for sale in list_transactions.sync(client=client).data)
    assert amounts == ["1234.50", "99.90"], amounts
    print("Python client: overview, screen-pop and import driven")


def wait_until_ready(address: str) -> None:
    """Wait until the service listens."""
    import httpx

    for _ in range(600):
        try:
            httpx.get(f"{address}/readyz").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the service does not answer")


if __name__ == "__main__":
    main(*sys.argv[1:])
