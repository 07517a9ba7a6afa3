"""The tokens of Clever's districts, which an application gets for its id and secret."""

import json
import math
from dataclasses import dataclass, field
from typing import Any

from requests.auth import HTTPBasicAuth

from oneroster_nb.errors import AnswerError, AuthenticationError, ConfigurationError, RosterError
from oneroster_nb.secret import Secret
from oneroster_nb.transport.tokens import FetchedTokenAuth, TokenAnswer


@dataclass(eq=False, repr=False)
class DistrictTokenAuth(FetchedTokenAuth):
    """Get and send the token of a district that shares its roster with an application.

    Source: ``GET /oauth/tokens?owner_type=district`` of https://dev.clever.com/docs. The
    `token_url` is the address of the list of tokens.
    """

    district: str | None = field(kw_only=True)
    """The id of the district; without it, there must be only one."""

    def _ask(self) -> TokenAnswer | RosterError:
        # Bytes, so that the id and the secret can hold any character (RFC 7617, UTF-8).
        pair = (self.client_id.encode(), self.client_secret.reveal().encode())
        return self._answer(
            "GET",
            params={"owner_type": "district"},
            auth=HTTPBasicAuth(*pair),
            headers={},
        )

    def _token(self, answer: TokenAnswer) -> tuple[Secret, float]:
        tokens = _by_district(self._listed(answer))
        if not tokens:
            raise AuthenticationError(
                f"No district shares its roster with the application {self.client_id!r} yet, so"
                " there is no token. Ask the district to authorize it in Clever.",
                status=200,
                path=self._shown_url,
            )
        if self.district is None and len(tokens) > 1:
            raise ConfigurationError(
                f"{len(tokens):,} districts share their rosters with this application. Pass"
                f" district= to choose one: {', '.join(sorted(tokens))}."
            )
        chosen = self.district or next(iter(tokens))
        if chosen not in tokens:
            raise ConfigurationError(
                f"The district {chosen!r} does not share its roster with this application. These"
                f" districts do: {', '.join(sorted(tokens))}."
            )
        return tokens[chosen], math.inf

    def _listed(self, answer: TokenAnswer) -> list[Any]:
        if answer.status in (400, 401, 403, 422, 429) or answer.status >= 500:
            self._refuse(
                answer,
                "Clever does not know this application. Check the client id and the secret.",
            )
        try:
            listed = json.loads(answer.body)["data"]
        except (ValueError, TypeError, KeyError, RecursionError):
            listed = None
        if answer.status != 200 or not isinstance(listed, list):
            raise AnswerError(
                f"{self._shown_url} answered {answer.status} without a list of"
                f" tokens{answer.reason}. Check that token_url is the address of Clever's list of"
                " tokens."
            )
        return listed


def _by_district(listed: list[Any]) -> dict[str, Secret]:
    """Return the newest token of each district."""
    records = [record for record in listed if isinstance(record, dict)]
    found: dict[str, Secret] = {}
    for record in sorted(records, key=lambda record: str(record.get("created") or "")):
        owner, token = record.get("owner"), record.get("access_token")
        if isinstance(owner, dict) and isinstance(token, str) and token:
            found[str(owner.get("id"))] = Secret(token)
    return found
