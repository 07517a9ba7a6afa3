"""Secrets, kept so that nothing shows them."""

from collections.abc import Mapping
from typing import Any, Never

SECRETS = ("client_secret", "access_token")
"""The options that hold secrets."""


class Secret:
    """A secret that no repr, ``vars()``, copy or pickle shows; only :meth:`reveal` returns it.

    White space around it is removed: it comes from a file or from copying, and is never part of
    the secret.

    Examples
    --------
    >>> Secret("open sesame")
    <secret>
    """

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value.strip()

    def reveal(self) -> str:
        """Return the secret itself; use it at once and do not keep it."""
        return self.__value

    @property
    def sendable(self) -> bool:
        """Whether an HTTP header can hold it: only visible characters and spaces of Latin-1."""
        return all(sign.isprintable() and sign <= "ÿ" for sign in self.__value)

    def __repr__(self) -> str:
        return "<secret>"

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __reduce__(self) -> Never:
        raise TypeError("A secret cannot be pickled or copied. Connect again where you need it.")


def as_secret(value: object) -> Secret | None:
    """Wrap a string; return a Secret unchanged, and None for anything else."""
    if isinstance(value, Secret):
        return value
    return Secret(value) if isinstance(value, str) else None


def is_secret(option: str) -> bool:
    """Return True if an option with this name, even misspelt, holds a secret."""
    word = option.casefold().replace("_", "")
    return any(part in word for part in ("secret", "password", "bearer")) or word.endswith("token")


def hidden(options: Mapping[str, Any]) -> dict[str, Any]:
    """Wrap the secrets among the options, so that no traceback with variables shows them."""
    return {
        name: Secret(value) if is_secret(name) and isinstance(value, str) else value
        for name, value in options.items()
    }


def without_secrets(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options without secrets."""
    return {name: value for name, value in options.items() if not is_secret(name)}
