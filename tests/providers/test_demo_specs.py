"""The demo server's OneRoster 1.2 against the OpenAPI documents of 1EdTech.

The documents stand beside the checkout and are no part of it; without them there is nothing to
hold the server to, and this module is skipped.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import pandas as pd
import pytest
import requests
from helpers.places import SPECS
from jsonschema import Draft4Validator, Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from oneroster_nb.demo.server.embedded import DemoServer
from oneroster_nb.demo.server.members import WITHIN
from oneroster_nb.demo.server.services import V1P2, Service

DOCUMENTS = {
    "rostering": "onerosterv1p2rostersservice_openapi3_v1p0.json",
    "gradebook": "onerosterv1p2gradebookservice_openapi3_v1p0.json",
    "resources": "onerosterv1p2resourcesservice_openapi3_v1p0.json",
}
TIMEOUT = 30

pytestmark = pytest.mark.skipif(
    not SPECS.is_dir(), reason=f"The OpenAPI documents are not beside the checkout, in {SPECS}."
)

_NO_SCALES = "the demo district has no score scales"
_NO_ASSESSMENTS = "the demo district has no assessments beyond its gradebook"
NOTHING_THERE = {
    "/scoreScales": _NO_SCALES,
    "/scoreScales/{sourcedId}": _NO_SCALES,
    "/classes/{classSourcedId}/scoreScales": _NO_SCALES,
    "/schools/{schoolSourcedId}/scoreScales": _NO_SCALES,
    "/assessmentLineItems": _NO_ASSESSMENTS,
    "/assessmentLineItems/{sourcedId}": _NO_ASSESSMENTS,
    "/assessmentResults": _NO_ASSESSMENTS,
    "/assessmentResults/{sourcedId}": _NO_ASSESSMENTS,
}
"""Paths that are answered with an empty collection, or 404 for one object of it, and why."""

NEVER_SAID = {"password", "metadata", "scoreScale", "learningObjectiveSet"}
"""Fields of which there is nothing in the canonical tables, or in this district."""


class Operation(NamedTuple):
    """One GET of a document."""

    service: str
    path: str

    @property
    def single(self) -> bool:
        return self.path.endswith("/{sourcedId}")

    @property
    def described(self) -> dict[str, Any]:
        found: dict[str, Any] = document(self.service)["paths"][self.path]["get"]
        return found

    @property
    def properties(self) -> dict[str, Any]:
        """The fields of the records of a collection."""
        schemas = document(self.service)["components"]["schemas"]
        name = self.schema("200")["$ref"].rpartition("/")[2]
        (collection,) = schemas[name]["properties"].values()
        found: dict[str, Any] = schemas[collection["items"]["$ref"].rpartition("/")[2]]
        return dict(found["properties"])

    def schema(self, status: str) -> dict[str, Any]:
        """Return the schema of an answer, its references absolute."""
        content = self.described["responses"][status]["content"]["application/json"]
        return {"$ref": f"urn:{self.service}{content['schema']['$ref']}"}


@cache
def document(service: str) -> dict[str, Any]:
    text = (SPECS / DOCUMENTS[service]).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@cache
def registry() -> Any:
    contents = ((f"urn:{name}", Resource(document(name), DRAFT4)) for name in DOCUMENTS)
    return Registry().with_resources(contents)


def operations() -> list[Operation]:
    if not SPECS.is_dir():
        return []
    return [
        Operation(service, path)
        for service in DOCUMENTS
        for path, methods in document(service)["paths"].items()
        if "get" in methods
    ]


every_operation = pytest.mark.parametrize(
    "operation", operations(), ids=lambda operation: "".join(operation)
)


def complaints(schema: dict[str, Any], answer: object) -> list[str]:
    """Return what is wrong with an answer."""
    # The schemas of OpenAPI 3.0 are those of draft 4; its checks of formats are not by default.
    checker = Draft202012Validator.FORMAT_CHECKER
    validator = Draft4Validator(schema, registry=registry(), format_checker=checker)
    return [
        f"{'/'.join(map(str, error.path))}: {error.message}"
        for error in validator.iter_errors(answer)
    ]


def full(district: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Fill in what 1.2 can say and 1.1 cannot; a user and an enrollment are deleted."""
    users = district["users"].copy()
    users["userMasterIdentifier"] = "m-" + users["sourcedId"]
    users["preferredGivenName"] = users["preferredMiddleName"] = users["givenName"].str[:2]
    users["preferredFamilyName"] = users["familyName"]
    users["pronouns"] = "they/them"
    users["resourceSourcedIds"] = "r1,r3"
    users["metadata.house"] = "Owl"
    users.loc[1, "status"] = "tobedeleted"
    profiles = pd.DataFrame(
        {
            "sourcedId": "https://profiles.example/" + users["sourcedId"],
            "status": "active",
            "userSourcedId": users["sourcedId"],
            "profileType": "reader",
            "vendorId": "demo-books",
            "applicationId": "demo-reader",
            "description": "For books",
        }
    )
    roles = district["roles"].copy()
    roles["beginDate"] = pd.Timestamp("2026-08-17")
    roles["endDate"] = pd.Timestamp("2027-06-11")
    roles["userProfileSourcedId"] = "https://profiles.example/" + roles["userSourcedId"]
    second = roles.assign(sourcedId="second:" + roles["sourcedId"], roleType="secondary")
    enrollments = district["enrollments"].copy()
    enrollments.loc[2, "status"] = "tobedeleted"
    flags = dict.fromkeys(("inProgress", "incomplete", "late", "missing"), False)
    return {
        **district,
        "users": users,
        "userProfiles": profiles,
        "roles": pd.concat([roles, second], ignore_index=True),
        "enrollments": enrollments,
        "categories": district["categories"].assign(weight=0.5),
        "lineItems": district["lineItems"].assign(academicSessionSourcedId="s1"),
        "results": district["results"].assign(classSourcedId="31710", textScore="B", **flags),
    }


class Client:
    """Asks the three services of a server."""

    def __init__(
        self, server: DemoServer, session: requests.Session, district: dict[str, pd.DataFrame]
    ) -> None:
        self.server = server
        self.session = session
        self.token = self.new_token()
        self.full = "userProfiles" in district
        enrolled = district["enrollments"]
        students = enrolled[enrolled["role"] == "student"]
        result = district["results"].iloc[0]
        items = district["lineItems"].set_index("sourcedId")
        seat = students[students["userSourcedId"] == result["studentSourcedId"]].iloc[0]
        graded = items.loc[result["lineItemSourcedId"], "classSourcedId"]
        teacher = enrolled[(enrolled["role"] == "teacher") & (enrolled["classSourcedId"] == graded)]
        self.ids = {
            "classSourcedId": graded,
            "courseSourcedId": "c1",
            "lineItemSourcedId": result["lineItemSourcedId"],
            "schoolSourcedId": seat["schoolSourcedId"],
            "studentSourcedId": result["studentSourcedId"],
            "teacherSourcedId": teacher.iloc[0]["userSourcedId"],
            "termSourcedId": "s1",
            "userSourcedId": result["studentSourcedId"],
        }

    def new_token(self, *scopes: str) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.server.client_id,
            "client_secret": self.server.client_secret,
            "scope": " ".join(scopes),
        }
        answer = self.session.post(self.server.token_url, data=form, timeout=TIMEOUT)
        token: str = answer.json()["access_token"]
        return token

    def get(
        self, service: str, path: str, token: str | None = None, **params: object
    ) -> requests.Response:
        address = self.server.host_v1p2.replace("rostering", service) + path.removeprefix("/")
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        query: Any = params
        return self.session.get(address, headers=headers, params=query, timeout=TIMEOUT)

    def address(self, operation: Operation) -> str:
        """Fill the places in a path; those of one object by one of its collection."""
        if operation.single:
            collection = operation.path.removesuffix("/{sourcedId}")
            (records,) = self.get(operation.service, collection, limit=1).json().values()
            return f"{collection}/{records[0]['sourcedId'] if records else 'none'}"
        return operation.path.format(**self.ids)


@pytest.fixture(scope="module", params=["as it is", "full"])
def client(request: pytest.FixtureRequest, district: dict[str, pd.DataFrame]) -> Iterator[Client]:
    tables = district if request.param == "as it is" else full(district)
    with DemoServer(tables) as server, requests.Session() as session:
        yield Client(server, session, tables)


@every_operation
def test_answers_are_as_described(client: Client, operation: Operation) -> None:
    params = {} if operation.single else {"limit": 10_000}
    answer = client.get(operation.service, client.address(operation), **params)
    if operation.path in NOTHING_THERE and operation.single:
        assert answer.status_code == 404, NOTHING_THERE[operation.path]
        assert complaints(operation.schema("404"), answer.json()) == []
        return
    assert answer.status_code == 200, answer.text
    assert complaints(operation.schema("200"), answer.json()) == []
    (found,) = answer.json().values()
    if client.full:
        assert bool(found) == (operation.path not in NOTHING_THERE)


def test_the_full_district_says_everything(district: dict[str, pd.DataFrame]) -> None:
    """What is never sent was never held to the document."""
    said: set[str] = set()
    described: set[str] = set()
    with DemoServer(full(district)) as server, requests.Session() as session:
        client = Client(server, session, district)
        for operation in operations():
            if operation.path.count("/") == 1 and operation.path not in NOTHING_THERE:
                answer = client.get(operation.service, operation.path, limit=10_000)
                ((collection, records),) = answer.json().items()
                said |= {f"{collection}.{key}" for record in records for key in record}
                described |= {f"{collection}.{key}" for key in operation.properties}
    beyond = {name for name in described if name.partition(".")[2] in NEVER_SAID}
    assert described - said <= beyond
    assert said <= described


@every_operation
def test_scopes_are_as_described(client: Client, operation: Operation) -> None:
    ((named,),) = (need.values() for need in operation.described["security"])
    schemes = document(operation.service)["components"]["securitySchemes"]
    readable = [
        scope
        for scope in schemes["OAuth2CC"]["flows"]["clientCredentials"]["scopes"]
        if scope.endswith(".readonly")
    ]
    address = client.address(operation)
    for scope in readable:
        answer = client.get(operation.service, address, client.new_token(scope))
        assert (answer.status_code != 403) == (scope in named), scope
        if answer.status_code == 403:
            assert complaints(operation.schema("403"), answer.json()) == []


@every_operation
def test_refusals_are_as_described(client: Client, operation: Operation) -> None:
    address = client.address(operation)
    refused = {401: client.get(operation.service, address, "made up")}
    if operation.path not in NOTHING_THERE or not operation.single:
        refused[400] = client.get(operation.service, address, fields="shoeSize")
    for status, answer in refused.items():
        assert answer.status_code == status
        assert complaints(operation.schema(str(status)), answer.json()) == []


@pytest.mark.parametrize("service", V1P2.services, ids=lambda service: service.area)
def test_nothing_is_served_that_is_not_described(service: Service) -> None:
    (name,) = (name for name in DOCUMENTS if f"/{name}/" in service.prefix)
    described = {
        re.sub(r"\{\w+\}", "{}", operation.path)
        for operation in operations()
        if operation.service == name
    }
    served = {f"/{name}" for name in service.names} | {f"/{name}/{{}}" for name in service.names}
    served |= {f"/{a}/{{}}/{b}" for a, b in V1P2.nested if b in service.names}
    served |= {f"/{a}/{{}}/{b}/{{}}/{c}" for a, b, c in WITHIN if c in service.names}
    assert served == described


def test_a_wrong_answer_is_seen() -> None:
    operation = Operation("rostering", "/orgs")
    org = {
        "sourcedId": "1",
        "status": "active",
        "dateLastModified": "2026-08-20T10:00:00.000Z",
        "name": "One",
        "type": "school",
        "identifier": "1",
    }
    schema = operation.schema("200")
    assert complaints(schema, {"orgs": [org]}) == []
    parent = {"href": "no address", "sourcedId": "2", "type": "org"}
    for wrong in (
        {"dateLastModified": "yesterday"},
        {"status": "inactive"},
        {"parent": parent},
        {"shoeSize": "9"},
    ):
        assert len(complaints(schema, {"orgs": [{**org, **wrong}]})) == 1
    term = {"startDate": "2026-08-32"}
    terms = Operation("rostering", "/terms").schema("200")
    assert any("2026-08-32" in one for one in complaints(terms, {"academicSessions": [term]}))
