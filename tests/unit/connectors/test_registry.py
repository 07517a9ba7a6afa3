"""The records of the providers, and what follows from them."""

import inspect
from pathlib import Path

import pytest

import oneroster_nb as onb
from oneroster_nb.connectors.registry import PROVIDERS, ProviderEntry
from oneroster_nb.forms.state import State

README = Path(__file__).parents[3] / "README.md"


def line(entry: ProviderEntry) -> str:
    """Write the line of a provider in the README."""
    variables = " ".join(f"`ONEROSTER_{option.upper()}`" for option in entry.environment)
    return f"| `{entry.name}` | {entry.label} | {entry.advice or 'Nothing.'} | {variables} |"


def test_the_readme_lists_each_provider() -> None:
    text = README.read_text(encoding="utf-8")
    table = text.partition("<!-- providers -->\n")[2].partition("<!-- end of providers -->")[0]
    assert table.splitlines()[2:] == [line(entry) for entry in PROVIDERS.values()]


@pytest.mark.parametrize("entry", PROVIDERS.values(), ids=lambda entry: entry.name)
def test_the_form_and_the_environment_ask_only_for_options_of_the_provider(
    entry: ProviderEntry,
) -> None:
    typed = set(entry.fields) - {"upload"}
    assert typed <= set(entry.options)
    assert typed - {"client_secret", "access_token"} <= set(State.class_trait_names())
    assert set(entry.environment) <= set(entry.options)


@pytest.mark.parametrize("entry", PROVIDERS.values(), ids=lambda entry: entry.name)
def test_a_provider_takes_each_of_its_options_and_no_other(entry: ProviderEntry) -> None:
    parameters = inspect.signature(entry.opens).parameters
    passes_on = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    assert passes_on or set(entry.options) == set(parameters)
    for option in {name for other in PROVIDERS.values() for name in other.options}:
        if option not in entry.options:
            with pytest.raises(onb.ConfigurationError, match=f"Unknown option '{option}'"):
                onb.connect(entry.name, **{option: "x"})
