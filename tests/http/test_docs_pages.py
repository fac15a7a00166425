"""Pages for people: served from here alone, in their language."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from refresh_formulas import BEGIN, END, PAGE, SOURCE, rendered, with_methods
from sample_app import sample_app
from starlette.testclient import TestClient

from app.domain.methods import METHODS
from app.http.openapi import operations as openapi
from app.http.openapi import pages
from app.problem_kinds import PROBLEMS


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    app = sample_app()
    pages.install(app)
    with TestClient(app) as client:
        yield client


@pytest.mark.parametrize("page", ["/", "/docs", "/docs/formulas", "/redoc", "/problems/conflict"])
def test_a_page_loads_only_from_here(client: TestClient, page: str) -> None:
    response = client.get(page)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert "script-src 'self' 'unsafe" not in policy
    loaded = re.findall(r'(?:src|href)="?([^" >]+)', response.text)
    assert loaded
    for address in loaded:
        if address != "data:," and address[0] != "#":
            assert client.get(address).status_code == 200, address


@pytest.mark.parametrize("library", ["swagger-ui", "redoc"])
def test_vendored_libraries_come_with_their_licence(client: TestClient, library: str) -> None:
    assert client.get(f"/static/{library}/LICENSE").status_code == 200


def test_redoc_asks_nobody_for_its_logo(client: TestClient) -> None:
    library = client.get("/static/redoc/redoc.standalone.js").text
    assert re.findall(r'"redocly logo",onError:[^,]+,src:"([^"]*)"', library) == ["data:,"]


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_problem_has_a_page(client: TestClient, code: str) -> None:
    page = client.get(f"/problems/{code}")
    assert page.status_code == 200
    assert code in page.text
    data = client.get(f"/problems/{code}", headers={"Accept": "application/json"}).json()
    assert data == {
        "type": f"/problems/{code}",
        "code": code,
        "status": PROBLEMS[code].status,
        "title": PROBLEMS[code].title,
        "advice": PROBLEMS[code].advice,
    }


def test_the_document_of_formulas_says_what_the_methods_say() -> None:
    text = SOURCE.read_text(encoding="utf-8")
    assert text == with_methods(text), "python -m tests.refresh_formulas"
    formula = METHODS["contract_value"].formula
    assert text.count(formula) == 1
    assert with_methods(text.replace(formula, "another")) == text
    with pytest.raises(ValueError, match="value-tiers: 1 methods, and the marks are not there"):
        with_methods(text.replace(BEGIN, "", 1))
    with pytest.raises(ValueError, match="money-and-value: 0 methods"):
        with_methods(text.replace("## Money and value\n", f"## Money and value\n{BEGIN}\n{END}\n"))
    with pytest.raises(ValueError, match="profits: 0 methods, and the marks are there"):
        with_methods(text.replace("## Profit\n", "## Profits\n"))


def test_the_page_of_formulas_is_the_document_of_formulas() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == rendered(SOURCE.read_text(encoding="utf-8")), "python -m tests.refresh_formulas"
    assert "style=" not in page, "the policy of the page refuses styles of its own"


def test_links_within_the_formulas_lead_to_their_sections(client: TestClient) -> None:
    page = client.get("/docs/formulas").text
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids)) > 20
    linked = re.findall(r'href="#([^"]+)"', page)
    assert set(linked) <= set(ids)
    assert len(linked) >= len(ids) - 1


def test_every_section_that_the_source_names_is_on_the_page_of_formulas(client: TestClient) -> None:
    ids = set(re.findall(r' id="([^"]+)"', client.get("/docs/formulas").text))
    named = {
        section
        for path in Path(pages.__file__).parents[2].rglob("*.py")
        for section in re.findall(r"formulas(?:\.md)?#([\w-]+)", path.read_text(encoding="utf-8"))
    }
    assert named - ids == set()
    assert len(named) > 20


def test_pages_follow_the_language(client: TestClient) -> None:
    turkish = client.get("/problems/not_found", headers={"Accept-Language": "tr"})
    assert '<html lang="tr">' in turkish.text
    assert "Böyle bir kaynak yok" in turkish.text
    assert turkish.headers["content-language"] == "tr"
    azerbaijani = client.get("/", headers={"Accept-Language": "az", "Accept": "text/html"})
    assert "Əməliyyatları sınayın" in azerbaijani.text


def test_texts_are_escaped(client: TestClient) -> None:
    assert (
        "<code>Authorization: Bearer &lt;API key&gt;</code>" in client.get("/problems/unauthenticated").text
    )


def test_an_unknown_code_is_404(client: TestClient) -> None:
    assert client.get("/problems/<script>").status_code == 404


@pytest.mark.parametrize(
    "path", ["/static/", "/static/nothing.js", "/static/../docs.py", "/static/%2e%2e/errors.py"]
)
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


def test_static_files_are_read_only(client: TestClient) -> None:
    response = client.post("/static/pages/page.css")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")


def test_browsers_ask_whether_a_static_file_has_changed(client: TestClient) -> None:
    response = client.get("/static/pages/page.css")
    assert response.headers["cache-control"] == "no-cache"
    again = client.get("/static/pages/page.css", headers={"If-None-Match": response.headers["etag"]})
    assert again.status_code == 304


def test_the_styles_of_the_text_pages_leave_redoc_alone(client: TestClient) -> None:
    rules = re.findall(r"^(\w+) \{", client.get("/static/pages/page.css").text, re.MULTILINE)
    assert "code" not in rules


def test_tags_come_in_the_order_of_a_newcomers_questions_and_every_tag_is_in_one_group() -> None:
    document = json.loads(openapi.COMMITTED.read_bytes())
    groups = document["x-tagGroups"]
    assert [group["name"] for group in groups] == ["See", "Record", "Measure", "Decide", "Operate"]
    listed = [tag["name"] for tag in document["tags"]]
    assert listed == [name for group in groups for name in group["tags"]]
    operations = [one for methods in document["paths"].values() for one in methods.values()]
    assert {tag for operation in operations for tag in operation["tags"]} == set(listed)


def test_what_must_be_given_is_filled_in() -> None:
    document = json.loads(openapi.COMMITTED.read_bytes())
    pop = document["paths"]["/v1/screen-pop"]["get"]["parameters"]
    assert [one.get("example") for one in pop] == ["0532 123 45 67", None, None]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                assert "example" in parameter or not parameter["required"] or parameter["in"] == "header", (
                    path
                )
