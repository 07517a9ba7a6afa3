"""What tells the choices of a person from those that the form makes itself."""

from collections.abc import Iterator
from contextlib import contextmanager


class Filling:
    """A part of the form whose controls the form fills."""

    _is_filling = False

    @contextmanager
    def _filling(self) -> Iterator[None]:
        """Change the controls; what they show then was not chosen by a person."""
        self._is_filling = True
        try:
            yield
        finally:
            self._is_filling = False
