"""The services of OneRoster 1.1 and 1.2: their addresses and collections."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from oneroster_nb.demo.server.collection import V1P1_COLLECTIONS, V1P2_COLLECTIONS, Collection
from oneroster_nb.demo.server.fields import V1P1_FIELDS, V1P2_FIELDS, Field
from oneroster_nb.demo.server.members import V1P1_NESTED, V1P2_NESTED, Finder

_SCOPE: Final = "https://purl.imsglobal.org/spec/or/v1p2/scope/"


@dataclass(frozen=True)
class Service:
    """One service of a version.

    Attributes
    ----------
    prefix : str
        The start of its paths.
    area : str
        The start of the names of its scopes.
    names : frozenset[str]
        Its collections, at the top and nested in others.
    """

    prefix: str
    area: str
    names: frozenset[str]

    def scopes(self, steps: Sequence[str]) -> list[str]:
        """Return the OAuth 2.0 scopes of 1.2 for an address; any one is enough."""
        single = len(steps) < 3
        area = self.area
        if steps[0].startswith("assessment"):
            area = "assessment"
        elif steps[0] == "demographics":
            area = "roster-demographics"
        elif single:
            return [f"{_SCOPE}{area}.readonly", f"{_SCOPE}{area}-core.readonly"]
        return [f"{_SCOPE}{area}.readonly"]


@dataclass(frozen=True)
class Version:
    """One version of OneRoster.

    Attributes
    ----------
    fields : Mapping[str, tuple[Field, ...]]
        The fields of its records by table.
    collections : Mapping[str, Collection]
        Its collections, by their names in addresses.
    nested : Mapping[tuple[str, str], Finder]
        Collection and nested collection to the function that finds the rows.
    services : tuple[Service, ...]
        Its services.
    """

    fields: Mapping[str, tuple[Field, ...]]
    collections: Mapping[str, Collection]
    nested: Mapping[tuple[str, str], Finder]
    services: tuple[Service, ...]


_GRADEBOOK: Final = frozenset(
    {
        "categories",
        "lineItems",
        "results",
        "scoreScales",
        "assessmentLineItems",
        "assessmentResults",
    }
)
_RESOURCES: Final = frozenset({"resources"})

V1P1: Final = Version(
    V1P1_FIELDS,
    V1P1_COLLECTIONS,
    V1P1_NESTED,
    (Service("/ims/oneroster/v1p1/", "roster", frozenset(V1P1_COLLECTIONS)),),
)
"""OneRoster 1.1: all in one service."""

V1P2: Final = Version(
    V1P2_FIELDS,
    V1P2_COLLECTIONS,
    V1P2_NESTED,
    (
        Service(
            "/ims/oneroster/rostering/v1p2/",
            "roster",
            frozenset(V1P2_COLLECTIONS) - _GRADEBOOK - _RESOURCES,
        ),
        Service("/ims/oneroster/gradebook/v1p2/", "gradebook", _GRADEBOOK),
        Service("/ims/oneroster/resources/v1p2/", "resource", _RESOURCES),
    ),
)
"""OneRoster 1.2: rostering, gradebook and resources."""

SCOPES: Final = tuple(
    f"{_SCOPE}{name}.readonly"
    for name in (
        "roster",
        "roster-core",
        "roster-demographics",
        "gradebook",
        "gradebook-core",
        "assessment",
        "resource",
        "resource-core",
    )
)
"""All scopes of 1.2 for reading."""


def homes(root: str, services: Iterable[Service]) -> dict[str, str]:
    """Return the start of the addresses of each collection's records."""
    return {
        name: f"{root}{service.prefix}{name}/" for service in services for name in service.names
    }
