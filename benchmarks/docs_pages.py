"""How soon the pages of the documentation are there in headless Chromium, and whether Execute works twice.

    .venv/bin/python -m benchmarks.docs_pages [--service http://127.0.0.1:8000]

Asks a served demo (``vefa demo``), each time in a browser of its own with an empty cache: the best of three.
*Seconds* are those until it is drawn, *CPU* is that of the page's main thread, which other programs on the
machine change less. Needs Debian's package ``chromium``. Before that the OpenAPI document: CPU of the first
answer, read from its file, beside making the document of the routes.
"""

import argparse
import time
from collections.abc import Callable

from starlette.testclient import TestClient

from app.cli.demo import TOKEN
from app.main import create_app
from app.settings import Settings
from benchmarks.browser import Page, page

OPENED = {"listCustomers": "Customers", "createCustomer": "Customers", "getSatisfaction": "Insights"}
TRIED = {"getScreenPop": "Customers", "createCustomer": "Customers", "createImport": "Imports"}
_TAGS = "document.querySelectorAll('.opblock-tag').length > 5"
_REDOC = "document.querySelectorAll('[data-section-id^=\"operation/\"]').length > 90"

Figures = dict[str, tuple[float, float]]


def _block(operation: str) -> str:
    return f"document.querySelector('[id$=\"-{operation}\"]')"


def _timed(view: Page, action: Callable[[], object]) -> tuple[float, float]:
    """Seconds until it is drawn, and of CPU."""
    before, began = view.cpu_seconds(), time.perf_counter()
    action()
    return time.perf_counter() - began, view.cpu_seconds() - before


def _open(view: Page, tag: str, operation: str) -> None:
    block = _block(operation)
    if not view.evaluate(f"{block} !== null"):
        view.evaluate(f"document.querySelector('[data-tag=\"{tag}\"]').click()")
        view.wait_for(f"{block} !== null")
    view.evaluate(f"{block}.querySelector('.opblock-summary-control').click()")
    view.wait_for(f"{block}.querySelector('.responses-inner') !== null")


def pages(service: str) -> Figures:
    """Both pages, and some operations of the first."""
    figures = {}
    with page() as view:
        figures["/docs"] = _timed(view, lambda: view.open(f"{service}/docs", _TAGS))
        for operation, tag in OPENED.items():
            figures[f"/docs, {operation}"] = _timed(view, lambda: _open(view, tag, operation))  # noqa: B023
    with page() as view:
        figures["/redoc"] = _timed(view, lambda: view.open(f"{service}/redoc", _REDOC))
    with page() as view:
        drawn = "document.querySelectorAll('h2').length > 5"
        figures["/docs/formulas"] = _timed(view, lambda: view.open(f"{service}/docs/formulas", drawn))
    return figures


def executed_twice(service: str) -> dict[str, list[int]]:
    """What two clicks on Execute are answered, for some operations as they are filled in."""
    shown = {}
    with page() as view:
        view.open(f"{service}/docs", _TAGS)
        _authorize(view)
        for operation, tag in TRIED.items():
            block = _block(operation)
            _open(view, tag, operation)
            view.evaluate(f"{block}.querySelector('.try-out__btn').click()")
            view.wait_for(f"{block}.querySelector('.execute') !== null")
            execute = f"{block}.querySelector('.execute').click()"
            shown[operation] = [view.next_status(execute, "/v1/", 20) for _click in range(2)]
    return shown


def _authorize(view: Page) -> None:
    """Put in the demo's key as somebody does who types it."""
    view.evaluate("document.querySelector('.authorize').click()")
    view.wait_for("document.querySelector('.auth-container input') !== null")
    view.evaluate(
        f"""(() => {{
            const field = document.querySelector('.auth-container input');
            Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(field, '{TOKEN}');
            field.dispatchEvent(new Event('input', {{ bubbles: true }}));
        }})()"""
    )
    view.evaluate("document.querySelector('.auth-btn-wrapper .authorize').click()")
    view.wait_for("document.querySelector('.btn-done') !== null")
    view.evaluate("document.querySelector('.btn-done').click()")


def document() -> str:
    """CPU of the first answer of /openapi.json and of making it of the routes, and its size."""
    app = create_app(Settings(secret=TOKEN))
    client = TestClient(app)
    began = time.process_time()
    answer = client.get("/openapi.json")
    served = time.process_time()
    app.openapi()
    made = time.process_time()
    plain, compressed = len(answer.content), int(answer.headers["content-length"])
    sizes = f"{plain / 1000:,.0f} KB, {compressed / 1000:,.0f} KB compressed"
    return f"/openapi.json ({sizes}): {served - began:.2f} s of CPU, of the routes {made - served:.2f} s"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--service", default="http://127.0.0.1:8000")
    service = parser.parse_args().service
    print(document())
    rounds = [pages(service) for _ in range(3)]
    for name in rounds[0]:
        seconds, cpu = (min(one[name][place] for one in rounds) for place in (0, 1))
        print(f"{name}: {seconds:.2f} s, {cpu:.2f} s of CPU")
    for operation, answers in executed_twice(service).items():
        print(f"Execute twice, {operation}: {answers}")


if __name__ == "__main__":
    main()
