"""Keyrings that forget, or refuse."""

import keyring
import keyring.backend
import keyring.errors


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A keyring that forgets everything at the end of the test."""

    priority = 0  # type: ignore[assignment]  # never chosen unless it is set

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError("nothing of that name")


class LockedKeyring(keyring.backend.KeyringBackend):
    """A keyring whose owner does not unlock it, or does so for writing only."""

    priority = 0  # type: ignore[assignment]

    def __init__(self, *, writable: bool = False) -> None:
        super().__init__()
        self._writable = writable

    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked("it stays locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        if not self._writable:
            raise keyring.errors.KeyringLocked("it stays locked")

    def delete_password(self, service: str, username: str) -> None:
        raise keyring.errors.KeyringLocked("it stays locked")
