"""Numbers and addresses as people, telephones and exchanges write them; on both databases."""

from typing import Any

import pytest
from support import Api, made, pointers, problem

NUMBER, FIRM = "+905321234567", "+902163330011"


def points(api: Api, *given: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [
        (one["value"], one["extension"]) for one in made(api, contact_points=list(given))["contact_points"]
    ]


def phone(value: str, **members: Any) -> dict[str, Any]:
    return {"kind": "phone", "value": value, **members}


@pytest.mark.parametrize(
    "text",
    ["0216 333 00 11 dahili 45", "tel:+902163330011;ext=45", "0216 333 00 11 / 45", "+902163330011x45"],
)
def test_an_extension_is_kept_beside_the_number(api: Api, text: str) -> None:
    assert points(api, phone(text)) == [(FIRM, "45")]
    for asked in (text, FIRM, "0216 333 00 11"):
        assert api.get("/v1/screen-pop", params={"phone": asked}).json()["match"] == "known"
        assert len(api.get("/v1/customers", params={"phone": asked}).json()["data"]) == 1


def test_an_extension_can_be_sent_by_itself_and_back_as_it_was_read(api: Api) -> None:
    row = made(api, contact_points=[phone(FIRM, extension="45"), phone(FIRM, extension="46"), phone(FIRM)])
    assert [one["extension"] for one in row["contact_points"]] == ["45", "46", None]
    sent = [{key: value for key, value in one.items() if key != "id"} for one in row["contact_points"]]
    again = api.request("PATCH", f"/v1/customers/{row['id']}", json={"contact_points": sent}).json()
    assert again["contact_points"] == row["contact_points"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ([phone("0216 333 00 11 x45"), phone("tel:+902163330011;ext=45")], "repeated"),
        ([phone("0216 333 00 11 x45", extension="46")], "other_extension"),
        ([phone(FIRM, extension="4a")], "string_pattern_mismatch"),
        ([{"kind": "email", "value": "ayse@example.org", "extension": "4"}], "extension"),
        ([{"kind": "email", "value": "ayse@example.org"}, {"kind": "email",
        "value": "AYSE@example.org"}], "repeated"),
        ([{"kind": "email", "value": "A <ayse@example.org>"}, {"kind": "email",
        "value": "mailto:ayse@EXAMPLE.ORG"}],
         "repeated"),
        ([{"kind": "social", "value": "@ayse", "network": "x"}, {"kind": "social",
        "value": "AYSE", "network": "x"}],
         "repeated"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(api: Api, given: list[dict[str, Any]], code: str) -> None:
    answer = api.post("/v1/customers", json={"name": "A", "contact_points": given})
    assert [error["code"] for error in problem(answer, 422, "validation_failed")["errors"]] == [code]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0532 123 45 67 / 0533 123 45 67", "more than one telephone number"),
        ("9.05E+11", "rounded"),
        ("O532 123 45 67", "in digits"),
        ("anonymous", "no number"),
        ("0532 123 45 67 Ayşe", "behind the number"),
        ("12345", "known region"),
    ],
)
def test_a_refusal_says_what_is_not_understood(api: Api, text: str, words: str) -> None:
    answer = api.post("/v1/customers", json={"name": "A", "contact_points": [phone(text)]})
    [error] = problem(answer, 422, "validation_failed")["errors"]
    assert (error["code"], words in error["detail"]) == ("not_a_phone", True)
    for language in ("tr", "az"):
        headers = {"Accept-Language": language}
        told = api.post("/v1/customers", json={"name": "A", "contact_points": [phone(text)]}, headers=headers)
        assert told.json()["errors"][0]["detail"] not in ("", error["detail"])


@pytest.mark.parametrize(
    "text",
    [
        f'"Ayse" <sip:{NUMBER}@pbx;user=phone>;tag=x', f"<sip:{NUMBER}@pbx>", "*31#05321234567",
        "0532 123 45 67 (mobile)",
        "'05321234567", "905321234567.0", "9,05321234567", "tel:+90-532-123-45-67",
    ],
)  # fmt: skip
def test_callers_are_found_in_any_spelling(api: Api, text: str) -> None:
    made(api, contact_points=[phone(NUMBER)])
    assert api.get("/v1/screen-pop", params={"phone": text}).json()["match"] == "known"
    assert len(api.get("/v1/customers", params={"phone": text}).json()["data"]) == 1


@pytest.mark.parametrize(
    "text", [" zeynep@example.org ", "\tzeynep@example.org\r\n", "\u200bzeynep@example.org\u00a0",
    "mailto:zeynep@example.org?subject=a",
             "Zeynep <ZEYNEP@example.org>", "zeynep@example.org;"],
)  # fmt: skip
def test_addresses_are_taken_and_found_in_any_spelling(api: Api, text: str) -> None:
    [point] = made(api, contact_points=[{"kind": "email", "value": text}])["contact_points"]
    assert point["value"].lower() == "zeynep@example.org"
    for asked in (text, "Zeynep@Example.org"):
        assert len(api.get("/v1/customers", params={"email": asked}).json()["data"]) == 1
        assert api.get("/v1/screen-pop", params={"email": asked}).json()["match"] == "known"


def test_two_addresses_in_one_are_told_so(api: Api) -> None:
    given = [{"kind": "email", "value": "a@example.org; b@example.org"}]
    answer = api.post("/v1/customers", json={"name": "A", "contact_points": given})
    assert "more than one e-mail" in answer.json()["errors"][0]["detail"]
    assert pointers(api.get("/v1/customers", params={"email": "a@b.co b@c.co"})) == ["email"]


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Nərgiz Əhmədli", "ahmadli nergiz"), ("Sinéad O’Connor", "oconnor"), ("Günther Groß",
        "guenther gross"),
        ("Anne-Marie Łoś", "annemarie los"), ("Anne-Marie Łoś", "anne-marie"), ("Søren Kjær", "soren kjaer"),
    ],
)  # fmt: skip
def test_names_are_found_without_the_letter(api: Api, name: str, typed: str) -> None:
    made(api, name)
    made(api, "Başka Biri")
    assert [row["name"] for row in api.get("/v1/customers", params={"q": typed}).json()["data"]] == [name]
