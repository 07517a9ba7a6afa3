"""To which server a stored secret may go, and what is said if it does not."""

import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import keyring
import pytest
from helpers.cleverserver import CleverServer
from helpers.faultserver import FaultServer
from helpers.keyrings import MemoryKeyring
from helpers.records import school
from helpers.tokenserver import TokenServer

import oneroster_nb as onb
from oneroster_nb.connectors.credentials import resolve
from oneroster_nb.connectors.profiles import keep_secret, save_profile
from oneroster_nb.secret import Secret

HOST = "https://lincoln.example/ims/oneroster/v1p1/"
OTHER = "https://other.example/ims/oneroster/v1p1/"
TOKENS = "https://lincoln.example/token"
PROXY = "https://oneroster-proxy.apis.classlink.com/app-1/ims/oneroster/v1p1/"
SECRET = "stored-" + secrets.token_hex(8)

Options = dict[str, Any]


@pytest.fixture
def memory() -> Iterator[MemoryKeyring]:
    before, backend = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


def env(**values: str) -> dict[str, str]:
    return {f"ONEROSTER_{name.upper()}": value for name, value in values.items()}


def set_env(monkeypatch: pytest.MonkeyPatch, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def stored(options: Options) -> list[str]:
    """Return the secrets among the options, in the clear."""
    found = [options[name] for name in ("client_secret", "access_token") if options.get(name)]
    return [secret.reveal() for secret in found]


# --- a secret of the environment -----------------------------------------------------------------

FULL = env(host=HOST, client_id="an id", client_secret=SECRET)
TOKEN = env(host=HOST, access_token=SECRET)

FITS: dict[str, tuple[str, Options, dict[str, str]]] = {
    "the environment says it all": ("oneroster", {}, FULL),
    "with a token": ("oneroster", {}, TOKEN),
    "the same host": ("oneroster", {"host": HOST}, FULL),
    "without a slash at its end": ("oneroster", {"host": HOST.rstrip("/")}, FULL),
    "with spaces": ("oneroster", {"host": f" {HOST}\n"}, FULL),
    "in capitals": ("oneroster", {"host": HOST.replace("lincoln", "LINCOLN")}, FULL),
    "with the usual port": ("oneroster", {"host": HOST.replace(".example", ".example:443")}, FULL),
    "the same id": ("oneroster", {"host": HOST, "client_id": "an id"}, FULL),
    "an id that the environment lacks": (
        "oneroster",
        {"host": HOST, "client_id": "an id"},
        env(host=HOST, client_secret=SECRET),
    ),
    "the same token URL": ("oneroster", {"token_url": TOKENS}, FULL | env(token_url=TOKENS)),
    "other options": ("oneroster", {"host": HOST, "page_size": 5}, FULL),
    "Clever's own host": ("clever", {}, env(access_token=SECRET)),
    "Clever's own host, written out": (
        "clever",
        {"host": "https://api.clever.com/v2.1/"},
        env(access_token=SECRET),
    ),
    "Clever's own host in the environment": (
        "clever",
        {"host": "https://api.clever.com/v2.1/"},
        env(host="https://API.clever.com/v3.1", access_token=SECRET),
    ),
    "a mirror of Clever that is said to be one": (
        "clever",
        {},
        env(provider="clever", host="https://mirror.example/v3.1/", access_token=SECRET),
    ),
    "a mirror of Clever that the call names, too": (
        "clever",
        {"host": "https://mirror.example/v3.1/"},
        env(host="https://mirror.example/v3.1/", access_token=SECRET),
    ),
    "Clever's own token URL": (
        "clever",
        {"token_url": "https://clever.com/oauth/tokens"},
        env(client_id="an id", client_secret=SECRET),
    ),
    "ClassLink's proxy": (
        "classlink",
        {},
        env(application_id="app-1", access_token=SECRET),
    ),
    "ClassLink's proxy, id in the call": (
        "classlink",
        {"application_id": "app-1"},
        env(access_token=SECRET),
    ),
    "ClassLink's proxy, written out": (
        "classlink",
        {"host": PROXY},
        env(application_id="app-1", access_token=SECRET),
    ),
}


@pytest.mark.parametrize("case", FITS)
def test_a_secret_of_the_environment_goes_to_its_own_server(case: str) -> None:
    provider, given, environ = FITS[case]
    assert stored(resolve(provider, None, given, environ)[2]) == [SECRET]


DIFFERS: dict[str, tuple[str, Options, dict[str, str]]] = {
    "another host": ("oneroster", {"host": OTHER}, FULL),
    "another host, a token": ("oneroster", {"host": OTHER}, TOKEN),
    "another path": ("oneroster", {"host": HOST.replace("ims", "tenant-b")}, FULL),
    "another path by dots": ("oneroster", {"host": HOST + "../v1p2/"}, FULL),
    "another port": ("oneroster", {"host": HOST.replace(".example", ".example:8443")}, FULL),
    "without encryption": ("oneroster", {"host": HOST.replace("https", "http")}, FULL),
    "a name behind a user": (
        "oneroster",
        {"host": HOST.replace("lincoln.example", "lincoln.example@other.example")},
        FULL,
    ),
    "a longer name": ("oneroster", {"host": HOST.replace(".example", ".example.evil")}, FULL),
    "another token URL": (
        "oneroster",
        {"token_url": "https://other.example/token"},
        FULL | env(token_url=TOKENS),
    ),
    "another path of the token URL": (
        "oneroster",
        {"token_url": TOKENS + "/x"},
        FULL | env(token_url=TOKENS),
    ),
    "a token URL where there was none": ("oneroster", {"token_url": TOKENS}, FULL),
    "no token URL where there was one": (
        "oneroster",
        {"token_url": None},
        FULL | env(token_url=TOKENS),
    ),
    "a token URL beside a token": ("oneroster", {"token_url": TOKENS}, TOKEN),
    "another id": ("oneroster", {"client_id": "another"}, FULL),
    "another provider": ("classlink", {"host": HOST}, FULL | env(provider="oneroster")),
    "no host in the environment": ("oneroster", {"host": HOST}, env(access_token=SECRET)),
    "no host in the environment, an id": (
        "oneroster",
        {"host": HOST, "client_id": "an id"},
        env(client_id="an id", client_secret=SECRET),
    ),
    "no host in the environment, a provider": (
        "oneroster",
        {"host": HOST},
        env(provider="oneroster", access_token=SECRET),
    ),
    "no host in the environment, its token URL": (
        "oneroster",
        {"host": OTHER, "client_id": "an id"},
        env(client_id="an id", client_secret=SECRET, token_url=TOKENS),
    ),
    "no host in the environment, Clever elsewhere": (
        "clever",
        {"host": "https://clever.example/v3.1/"},
        env(access_token=SECRET),
    ),
    "Clever's name on another machine": (
        "clever",
        {"host": "https://api.clever.com.evil.example/v3.1/"},
        env(access_token=SECRET),
    ),
    "Clever without encryption": (
        "clever",
        {"host": "http://api.clever.com/v3.1/"},
        env(access_token=SECRET),
    ),
    "Clever, another token URL": (
        "clever",
        {"token_url": "https://other.example/oauth/tokens"},
        env(client_id="an id", client_secret=SECRET),
    ),
    "no host in the environment, ClassLink's direct one": (
        "classlink",
        {"host": HOST},
        env(access_token=SECRET),
    ),
    "a host of an unknown provider, Clever": ("clever", {}, TOKEN),
    "a host of an unknown provider, Clever, an id": ("clever", {}, FULL),
    "a host and a token URL of an unknown provider, Clever": (
        "clever",
        {},
        FULL | env(token_url=TOKENS),
    ),
    "a mirror of Clever that is not said to be one": (
        "clever",
        {},
        env(host="https://mirror.example/v3.1/", access_token=SECRET),
    ),
    "another application": (
        "classlink",
        {"application_id": "app-2"},
        env(application_id="app-1", access_token=SECRET),
    ),
    "a host where an application is meant": (
        "classlink",
        {"host": HOST},
        env(application_id="app-1", access_token=SECRET),
    ),
    "an application where a host is meant": ("classlink", {"application_id": "app-1"}, TOKEN),
}


@pytest.mark.parametrize("case", DIFFERS)
def test_a_secret_of_the_environment_goes_to_no_other_server(case: str) -> None:
    provider, given, environ = DIFFERS[case]
    assert stored(resolve(provider, None, given, environ)[2]) == []


@pytest.mark.parametrize("case", DIFFERS)
def test_the_error_says_that_it_was_not_used_and_how_to_use_it_on_purpose(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider, given, environ = DIFFERS[case]
    set_env(monkeypatch, environ)
    option = "access_token" if "ONEROSTER_ACCESS_TOKEN" in environ else "client_secret"
    account = {"allow_insecure": True, **given}
    if provider != "clever" and "application_id" not in account:
        account.setdefault("host", HOST)
    if "@" in account.get("host", ""):
        return  # refused before any secret is looked for
    with pytest.raises(onb.errors.CredentialsError, match="was not used") as caught:
        onb.connect(provider, **account)
    variable = f"ONEROSTER_{option.upper()}"
    assert f'pass {option}=os.environ["{variable}"]' in str(caught.value)
    assert SECRET not in str(caught.value)
    if option == "access_token":
        account |= {option: environ[variable]}
    else:
        account |= {"client_id": account.get("client_id", "an id"), option: environ[variable]}
    onb.connect(provider, **account).close()  # as the message says


def test_the_error_says_how_to_mean_the_host_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_env(monkeypatch, TOKEN)
    with pytest.raises(onb.ConfigurationError, match="ONEROSTER_HOST names another server") as why:
        onb.connect("clever")
    assert "set ONEROSTER_PROVIDER" in str(why.value)
    assert SECRET not in str(why.value)


def test_a_secret_that_is_given_keeps_those_of_the_environment_out() -> None:
    environ = env(host=HOST, client_id="an id", client_secret=SECRET, access_token=SECRET)
    given = {"client_secret": Secret("given")}
    assert stored(resolve("oneroster", None, given, environ)[2]) == ["given"]
    given = {"access_token": Secret("given")}
    assert stored(resolve("oneroster", None, given, environ)[2]) == ["given"]


GIVEN = {"client_id": "an id", "client_secret": Secret("given")}
STRAY: dict[str, tuple[str, Options, dict[str, str]]] = {
    "a token URL alone": ("oneroster", {"host": HOST, **GIVEN}, env(token_url=TOKENS)),
    "a token URL alone, Clever": ("clever", GIVEN, env(token_url=TOKENS)),
    "a token URL of another provider": (
        "clever",
        GIVEN,
        env(provider="oneroster", token_url=TOKENS),
    ),
    "a host of an unknown provider, Clever": ("clever", GIVEN, env(host=HOST)),
    "a host of another provider, Clever": ("clever", GIVEN, env(provider="oneroster", host=HOST)),
    "a host, where an application is given": (
        "classlink",
        {"application_id": "app-1", "access_token": Secret("given")},
        env(host=HOST),
    ),
    "another host and its token URL": (
        "oneroster",
        {"host": OTHER, **GIVEN},
        env(host=HOST, token_url=TOKENS),
    ),
}


@pytest.mark.parametrize("case", STRAY)
def test_a_secret_that_is_given_goes_to_no_stray_address_of_the_environment(case: str) -> None:
    provider, given, environ = STRAY[case]
    assert resolve(provider, None, given, environ)[2] == given


def test_a_given_secret_goes_to_the_server_that_the_environment_names_as_its_own() -> None:
    environ = env(provider="oneroster", host=HOST, token_url=TOKENS)
    options = resolve("oneroster", None, GIVEN, environ)[2]
    assert (options["host"], options["token_url"]) == (HOST, TOKENS)
    mirror = "https://clever.example/v3.1/"
    options = resolve("clever", None, GIVEN, env(provider="clever", host=mirror))[2]
    assert options["host"] == mirror


# --- over real HTTP ------------------------------------------------------------------------------


def test_no_request_carries_a_token_of_the_environment_to_a_host_that_a_call_gives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_env(monkeypatch, env(access_token=SECRET))
    for provider, path in (("oneroster", "/ims/oneroster/v1p1/"), ("classlink", "/ims/")):
        with FaultServer(school()) as server:
            with pytest.raises(onb.errors.CredentialsError, match="ONEROSTER_HOST is not set"):
                onb.connect(provider, host=server.url + path)
            assert server.requests == []
    with CleverServer({}) as clever:
        with pytest.raises(onb.errors.CredentialsError, match="ONEROSTER_HOST is not set"):
            onb.connect("clever", host=clever.host)
        assert clever.requests == []


@pytest.mark.parametrize("place", ["environment", "keyring"])
def test_no_token_url_that_a_call_gives_gets_a_stored_secret(
    place: str, monkeypatch: pytest.MonkeyPatch, memory: MemoryKeyring
) -> None:
    with FaultServer(school()) as server, TokenServer({"access_token": "x"}) as other:
        if place == "environment":
            set_env(monkeypatch, env(host=server.host, client_id="an id", client_secret=SECRET))
            which: Options = {"provider": "oneroster"}
        else:
            save_profile("lincoln", "oneroster", host=server.host, client_id="an id")
            keep_secret("lincoln", Secret(SECRET))
            which = {"profile": "lincoln"}
        with pytest.raises(onb.errors.CredentialsError, match="another token_url"):
            onb.connect(**which, token_url=other.token_url)
        with onb.connect(**which) as conn:
            assert len(conn.get_users("students")) == 6
        assert other.requests == []


# --- a secret of the keyring ---------------------------------------------------------------------

SAVED = {"host": HOST, "client_id": "an id", "token_url": TOKENS}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"host": HOST.rstrip("/")},
        {"host": HOST.replace("lincoln", "Lincoln")},
        {"client_id": "an id", "token_url": TOKENS},
        {"page_size": 5},
    ],
)
def test_a_kept_secret_goes_to_its_own_server(given: Options, memory: MemoryKeyring) -> None:
    save_profile("lincoln", "oneroster", **SAVED)
    keep_secret("lincoln", Secret(SECRET))
    assert stored(resolve(None, "lincoln", given, {})[2]) == [SECRET]


@pytest.mark.parametrize(
    ("given", "environ", "part"),
    [
        ({"host": OTHER}, {}, "host"),
        ({"host": "https://lincoln.example:8443/"}, {}, "host"),
        ({"token_url": "https://other.example/token"}, {}, "token_url"),
        ({"token_url": None}, {}, "token_url"),
        ({"client_id": "another"}, {}, "client_id"),
        ({"host": OTHER, "client_id": "another"}, {}, "host and client_id"),
        ({}, env(client_id="another"), "client_id"),
        ({}, env(host=HOST, token_url="https://other.example/token"), "token_url"),
    ],
)
def test_a_kept_secret_goes_to_no_other_server(
    given: Options,
    environ: dict[str, str],
    part: str,
    memory: MemoryKeyring,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save_profile("lincoln", "oneroster", **SAVED)
    keep_secret("lincoln", Secret(SECRET))
    assert stored(resolve(None, "lincoln", given, environ)[2]) == []
    set_env(monkeypatch, environ)
    with pytest.raises(onb.errors.CredentialsError, match=f"another {part}") as caught:
        onb.connect(profile="lincoln", **given)
    assert "client_secret=keyring.get_password('oneroster_nb', 'lincoln')" in str(caught.value)
    assert keyring.get_password("oneroster_nb", "lincoln") == SECRET  # as the message says
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("provider", ["oneroster", "classlink", "clever"])
def test_a_secret_kept_without_a_host_fits_only_the_providers_own(
    provider: str, memory: MemoryKeyring
) -> None:
    save_profile("north", provider)
    keep_secret("north", Secret(SECRET))
    assert stored(resolve(None, "north", {"host": HOST}, {})[2]) == []
    options = resolve(None, "north", {}, env(host=HOST))[2]
    # A host of the environment is none of Clever's unless it says so.
    assert (options.get("host"), stored(options)) == (
        (None, [SECRET]) if provider == "clever" else (HOST, [])
    )
    assert stored(resolve(None, "north", {}, env(provider=provider, host=HOST))[2]) == []
    if provider == "clever":
        assert stored(resolve(None, "north", {}, {})[2]) == [SECRET]
        given = {"host": "https://api.clever.com/v2.1/"}
        assert stored(resolve(None, "north", given, {})[2]) == [SECRET]


def test_a_token_url_alone_in_the_environment_is_not_that_of_a_saved_connection(
    memory: MemoryKeyring,
) -> None:
    save_profile("lincoln", "oneroster", host=HOST, client_id="an id")
    keep_secret("lincoln", Secret(SECRET))
    environ = env(token_url="https://other.example/token", client_secret="of-another")
    options = resolve(None, "lincoln", {}, environ)[2]
    assert "token_url" not in options
    assert stored(options) == [SECRET]
    given = {"client_secret": Secret("given")}
    assert "token_url" not in resolve(None, "lincoln", given, environ)[2]


def test_the_environment_completes_a_saved_connection_and_nothing_else(
    memory: MemoryKeyring,
) -> None:
    save_profile("lincoln", "oneroster", **SAVED)
    environ = env(client_secret=SECRET)
    assert stored(resolve(None, "lincoln", {}, environ)[2]) == [SECRET]
    for given in ({"host": OTHER}, {"token_url": "https://o.example/t"}, {"client_id": "another"}):
        assert stored(resolve(None, "lincoln", given, environ)[2]) == []


def test_an_application_that_is_given_makes_the_host_of_a_saved_connection(
    memory: MemoryKeyring,
) -> None:
    save_profile("lincoln", "classlink", host=HOST, client_id="an id")
    keep_secret("lincoln", Secret(SECRET))
    given = {"application_id": "app-1"}
    options = resolve(None, "lincoln", given, env(access_token="a-token"))[2]
    assert "host" not in options
    assert stored(options) == ["a-token"]


def test_a_connection_saved_under_a_name_that_was_another_one_gets_no_old_secret(
    memory: MemoryKeyring,
) -> None:
    for new in (
        {"host": OTHER, "client_id": "an id", "token_url": TOKENS},
        {**SAVED, "token_url": "https://other.example/token"},
        {**SAVED, "client_id": "another"},
    ):
        save_profile("lincoln", "oneroster", **SAVED)
        keep_secret("lincoln", Secret(SECRET))
        save_profile("lincoln", "oneroster", **SAVED, page_size=5)  # the same account
        assert stored(resolve(None, "lincoln", {}, {})[2]) == [SECRET]
        save_profile("lincoln", "oneroster", **new)
        assert stored(resolve(None, "lincoln", {}, {})[2]) == []
        assert memory.kept == {}


class StuckKeyring(MemoryKeyring):
    """A keyring that can be asked, but out of which nothing can be removed."""

    def delete_password(self, service: str, username: str) -> None:
        raise keyring.errors.PasswordDeleteError("not allowed")


def test_an_old_secret_that_cannot_be_removed_is_not_used() -> None:
    before, backend = keyring.get_keyring(), StuckKeyring()
    keyring.set_keyring(backend)
    try:
        save_profile("lincoln", "oneroster", **SAVED)
        keep_secret("lincoln", Secret(SECRET))
        assert stored(resolve(None, "lincoln", {}, {})[2]) == [SECRET]
        save_profile("lincoln", "oneroster", host=OTHER, client_id="an id")
        assert stored(resolve(None, "lincoln", {}, {})[2]) == []
        save_profile("lincoln", "oneroster", host=OTHER, client_id="an id", page_size=5)
        assert stored(resolve(None, "lincoln", {}, {})[2]) == []
        with pytest.raises(onb.errors.CredentialsError, match="earlier connection of that name"):
            onb.connect(profile="lincoln")
        onb.delete_profile("lincoln")
        save_profile("lincoln", "oneroster", host="https://third.example/", client_id="an id")
        assert stored(resolve(None, "lincoln", {}, {})[2]) == []
        assert keep_secret("lincoln", Secret("of-the-third"))
        assert stored(resolve(None, "lincoln", {}, {})[2]) == ["of-the-third"]
    finally:
        keyring.set_keyring(before)


# --- the code that opens the connection again ----------------------------------------------------


def test_the_recipe_passes_the_secret_of_the_environment_on_purpose(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with FaultServer(school()) as server:
        with onb.connect("oneroster", host=server.host, access_token=SECRET) as conn:
            recipe = conn.recipe
        assert 'access_token=os.environ["ONEROSTER_ACCESS_TOKEN"]' in recipe
        assert SECRET not in recipe
        monkeypatch.setenv("ONEROSTER_ACCESS_TOKEN", SECRET)
        names: dict[str, Any] = {}
        exec(f"import os\nimport oneroster_nb as onb\nconn = {recipe}", names)
        with names["conn"] as again:
            assert len(again.get_users("students")) == 6
