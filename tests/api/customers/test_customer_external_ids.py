"""Customers under their keys in other systems, over HTTP, on both databases."""

from concurrent.futures import ThreadPoolExecutor

from support import Api, made, phone, pointers, problem

URL = "/v1/customers"


def test_an_upsert_records_and_then_changes_what_it_names(api: Api) -> None:
    path = f"{URL}/by-external-id/crm/C-1"
    first = api.put(path, json={"name": "Ayşe", "tags": ["vip"], "attributes": {"a": 1, "b": None}})
    row = first.json()
    assert (first.status_code, first.headers["ETag"]) == (201, '"1"')
    assert first.headers["Location"] == f"{URL}/{row['id']}"
    assert row["external_ids"] == [{"system": "crm", "key": "C-1"}]
    assert row["attributes"] == {"a": 1}
    second = api.put(path, json={"language": "tr", "attributes": {"b": 2}})
    assert (second.status_code, second.headers["ETag"]) == (200, '"2"')
    assert "Location" not in second.headers
    changed = second.json()
    assert {key for key in row if row[key] != changed[key]} == {
        "language",
        "attributes",
        "version",
        "updated_at",
    }
    assert changed["attributes"] == {"a": 1, "b": 2}
    assert api.put(path, json={}).json() == changed
    assert len(api.get(URL).json()["data"]) == 1


def test_an_upsert_may_give_contact_points_with_less_than_all_their_members(api: Api) -> None:
    path = f"{URL}/by-external-id/crm/C-1"
    for number in ("0532 123 45 67", "0532 123 45 68"):
        points = api.put(path, json={"contact_points": [phone(number)]}).json()["contact_points"]
        assert [(point["network"], point["primary"], point["verified"]) for point in points] == [
            (None, False, False)
        ]


def test_an_upsert_without_a_name_makes_a_customer_without_one(api: Api) -> None:
    assert api.put(f"{URL}/by-external-id/crm/C-1", json={}).json()["name"] is None


def test_an_upsert_keeps_the_key_it_goes_by(api: Api) -> None:
    path = f"{URL}/by-external-id/crm/C-1"
    api.put(path, json={})
    changed = api.put(path, json={"external_ids": [{"system": "shop", "key": "9"}]}).json()
    assert changed["external_ids"] == [{"system": "shop", "key": "9"}, {"system": "crm", "key": "C-1"}]
    too_many = [{"system": "shop", "key": str(number)} for number in range(20)]
    assert pointers(api.put(path, json={"external_ids": too_many})) == ["/external_ids"]


def test_the_key_in_the_path_is_trimmed_as_in_a_body(api: Api) -> None:
    row = made(api, external_ids=[{"system": "crm", "key": " C-1 "}])
    assert api.get(f"{URL}/by-external-id/crm/%20C-1%20").json() == row
    assert api.put(f"{URL}/by-external-id/crm/%20C-1", json={}).status_code == 200
    assert len(api.get(URL, params={"external_id": "crm: C-1"}).json()["data"]) == 1


def test_an_upsert_with_if_match(api: Api) -> None:
    path = f"{URL}/by-external-id/crm/C-1"
    problem(api.put(path, json={}, headers={"If-Match": "*"}), 412, "precondition_failed")
    assert api.get(URL).json()["data"] == []
    api.put(path, json={})
    problem(api.put(path, json={"tags": ["a"]}, headers={"If-Match": '"2"'}), 412, "precondition_failed")
    assert api.put(path, json={"tags": ["a"]}, headers={"If-Match": '"1"'}).status_code == 200


def test_an_external_id_belongs_to_one_customer(api: Api) -> None:
    taken = [{"system": "crm", "key": "C-1"}]
    made(api, external_ids=taken)
    other = made(
        api, "Other", external_ids=[{"system": "crm", "key": "C-2"}, {"system": "shop", "key": "C-1"}]
    )
    problem(api.post(URL, json={"name": "Third", "external_ids": taken}), 409, "external_id_taken")
    problem(api.patch(f"{URL}/{other['id']}", json={"external_ids": taken}), 409, "external_id_taken")
    assert api.get(f"{URL}/{other['id']}").json() == other
    freed = api.patch(f"{URL}/{other['id']}", json={"external_ids": []})
    assert freed.json()["external_ids"] == []
    made(api, "Third", external_ids=[{"system": "crm", "key": "C-2"}])


def test_one_of_many_at_once_gets_an_external_id(api: Api) -> None:
    body = {"name": "Ayşe", "external_ids": [{"system": "crm", "key": "C-1"}]}
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: api.post(URL, json=body).status_code, range(16)))
    assert sorted(statuses) == [201] + [409] * 15
    assert len(api.get(URL).json()["data"]) == 1


def test_many_upserts_at_once_make_one_customer(api: Api) -> None:
    def upsert(number: int) -> int:
        body = {"attributes": {f"a{number}": number}}
        return int(api.put(f"{URL}/by-external-id/crm/C-1", json=body).status_code)

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(upsert, range(16)))
    assert sorted(statuses) == [200] * 15 + [201]
    [row] = api.get(URL).json()["data"]
    assert row["attributes"] == {f"a{number}": number for number in range(16)} | row["attributes"]
    assert (len(row["attributes"]), row["version"]) == (16, 16)
