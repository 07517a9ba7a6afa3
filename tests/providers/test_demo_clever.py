"""The demo's Clever keeps to the vendor's documents."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import yaml
from helpers.places import SPECS

from oneroster_nb.demo.server.embedded import DemoServer

TYPES = {"string": str, "boolean": bool, "array": list, "object": dict, "integer": int}


@pytest.fixture(scope="module")
def served() -> Iterator[DemoServer]:
    with DemoServer() as server:
        yield server


def get(server: DemoServer, path: str, version: str = "3.1", **params: Any) -> requests.Response:
    url = path if path.startswith("/") else f"/v{version}/{path}"
    return requests.get(
        server.url.rstrip("/") + url,
        params=params,
        headers={"Authorization": f"Bearer {server.clever_token}"},
        timeout=30,
    )


def faults(value: Any, schema: dict[str, Any], definitions: dict[str, Any], at: str) -> list[str]:
    """List where a value is not what a definition says."""
    if "$ref" in schema and "properties" not in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]] | {
            k: v for k, v in schema.items() if k == "x-nullable"
        }
    if value is None:
        return [] if schema.get("x-nullable") else [f"{at} is null"]
    kind = TYPES[schema.get("type", "object")]
    if not isinstance(value, kind):
        return [f"{at} is {value!r}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at} is {value!r}"]
    if "pattern" in schema and not re.fullmatch(schema["pattern"], value):
        return [f"{at} is {value!r}"]
    if isinstance(value, list):
        return [f for item in value for f in faults(item, schema["items"], definitions, at)]
    found = []
    if isinstance(value, dict) and "properties" in schema:
        for name, inner in value.items():
            if name not in schema["properties"]:
                found.append(f"{at}.{name} is not in the document")
            else:
                found += faults(inner, schema["properties"][name], definitions, f"{at}.{name}")
    return found


LISTS = {
    "3.1": {
        "districts": "District",
        "schools": "School",
        "courses": "Course",
        "terms": "Term",
        "sections": "Section",
        "users": "User",
        "resources": "Resource",
    },
    "2.1": {
        "districts": "District",
        "schools": "School",
        "courses": "Course",
        "terms": "Term",
        "sections": "Section",
        "students": "Student",
        "teachers": "Teacher",
        "school_admins": "SchoolAdmin",
        "district_admins": "DistrictAdmin",
        "contacts": "Contact",
    },
}
LISTS["3.0"] = LISTS["3.1"]


@pytest.mark.skipif(not SPECS.exists(), reason="the OpenAPI documents are not here")
@pytest.mark.parametrize(
    ("version", "name"), [(version, name) for version in LISTS for name in LISTS[version]]
)
def test_records_are_as_the_document_says(served: DemoServer, version: str, name: str) -> None:
    document = yaml.safe_load((SPECS / f"clever-v{version}.yml").read_text())
    definitions = document["definitions"]
    answer = get(served, name, version, limit=10_000).json()
    assert answer["data"]
    found = [
        fault
        for item in answer["data"]
        for fault in faults(
            item["data"], definitions[LISTS[version][name]] | {"type": "object"}, definitions, name
        )
    ]
    assert found == []
    assert f"/{name}" in document["paths"]


def test_pages_lead_from_one_to_the_next_and_back(served: DemoServer) -> None:
    first = get(served, "users", limit=150, role="student").json()
    assert len(first["data"]) == 139
    assert [link["rel"] for link in first["links"]] == ["self"]
    page = get(served, "users", limit=100).json()
    links = {link["rel"]: link["uri"] for link in page["links"]}
    assert set(links) == {"self", "next"}
    assert links["next"].startswith("/v3.1/users?limit=100&starting_after=")
    seen = [item["data"]["id"] for item in page["data"]]
    while "next" in links:
        page = get(served, links["next"]).json()
        links = {link["rel"]: link["uri"] for link in page["links"]}
        seen += [item["data"]["id"] for item in page["data"]]
    assert len(seen) == 371
    assert seen == sorted(set(seen))
    back = get(served, links["prev"]).json()
    assert [item["data"]["id"] for item in back["data"]] == seen[200:300]
    assert {link["rel"] for link in back["links"]} == {"self", "next", "prev"}
    beyond = get(served, "users", starting_after="f" * 24).json()
    assert beyond["data"] == []


@pytest.mark.parametrize("version", ["2.1", "3.0", "3.1"])
def test_a_hundred_where_no_limit_is_said(served: DemoServer, version: str) -> None:
    name = "students" if version == "2.1" else "users"
    answer = get(served, name, version, count="true").json()
    assert len(answer["data"]) == 100
    assert answer["count"] == (139 if version == "2.1" else 371)
    uris = [item["uri"] for item in answer["data"]]
    assert uris[0] == f"/v{version}/{name}/{answer['data'][0]['data']['id']}"
    assert get(served, uris[0]).json()["data"] == answer["data"][0]["data"]


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"limit": 10_001}, 413),
        ({"limit": 10_000}, 200),
        ({"limit": 0}, 400),
        ({"limit": "x"}, 400),
        ({"role": "headmaster"}, 400),
        ({"starting_after": "1", "ending_before": "2"}, 400),
    ],
)
def test_parameters(served: DemoServer, params: dict[str, Any], status: int) -> None:
    answer = get(served, "users", **params)
    assert answer.status_code == status
    assert status == 200 or set(answer.json()) == {"message"}


@pytest.mark.parametrize(
    "path",
    ["people", "users/none", "sections/none/users", "users/none/none/none", "courses/x/students"],
)
def test_what_is_not_there(served: DemoServer, path: str) -> None:
    answer = get(served, path)
    assert (answer.status_code, answer.json()) == (404, {"message": "Resource not found"})


def test_what_only_one_version_has(served: DemoServer) -> None:
    for version, name in (("2.1", "users"), ("2.1", "resources"), ("3.1", "students")):
        assert get(served, name, version).status_code == 404


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic x", "Bearer"])
def test_only_the_token_opens(served: DemoServer, header: str) -> None:
    answer = requests.get(
        served.clever_hosts["3.1"] + "users", headers={"Authorization": header}, timeout=30
    )
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


def test_only_get(served: DemoServer) -> None:
    answer = requests.post(served.clever_hosts["3.1"] + "users", timeout=30)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
    assert requests.post(served.clever_token_url, timeout=30).status_code == 405


def test_the_token_is_listed_for_the_application(served: DemoServer) -> None:
    credentials = (served.client_id, served.client_secret)
    params = {"owner_type": "district"}
    answer = requests.get(served.clever_token_url, params, auth=credentials, timeout=30)
    (record,) = answer.json()["data"]
    assert record["access_token"] == served.clever_token
    (district,) = get(served, "districts").json()["data"]
    assert record["owner"] == {"type": "district", "id": district["data"]["id"]}
    wrong = requests.get(served.clever_token_url, auth=(credentials[0], "x"), timeout=30)
    assert wrong.status_code == 401
    other = requests.get(served.clever_token_url + "/x", auth=credentials, timeout=30)
    assert other.status_code == 404


def test_lists_below_others_hold_what_sections_say(served: DemoServer) -> None:
    sections = [item["data"] for item in get(served, "sections", limit=1000).json()["data"]]
    section = max(sections, key=lambda section: len(section["students"]))

    def ids(path: str, version: str = "3.1", **params: Any) -> set[str]:
        listed = get(served, path, version, limit=1000, **params).json()["data"]
        return {item["data"]["id"] for item in listed}

    base = f"sections/{section['id']}"
    assert ids(f"{base}/users", role="student") == set(section["students"])
    assert ids(f"{base}/users", role="teacher") == set(section["teachers"])
    assert ids(f"{base}/students", "2.1") == set(section["students"])
    assert len(ids(f"{base}/teachers", "2.1")) == len(section["teachers"])
    of_course = {one["id"] for one in sections if one["course"] == section["course"]}
    assert ids(f"courses/{section['course']}/sections") == of_course
    here = [one for one in sections if one["school"] == section["school"]]
    school = f"schools/{section['school']}"
    assert ids(f"{school}/sections") == {one["id"] for one in here}
    assert ids(f"{school}/courses") == {one["course"] for one in here}
    assert ids(f"{school}/terms") == {one["term_id"] for one in here}
    assert set().union(*(one["students"] for one in here)) <= ids(f"{school}/users", role="student")
