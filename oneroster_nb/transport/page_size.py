"""How many rows to request at once, learned from the pages that a server refused."""

from dataclasses import replace

from oneroster_nb.errors import NoAnswerError, RosterError, ServerError, UnavailableError
from oneroster_nb.transport.failures import SIZE_REFUSED
from oneroster_nb.transport.pages import PageRequest

_LEAST = 100  # all known servers accept this many rows
_TOO_LARGE, _TOO_MANY = 413, 429  # statuses about the size of a page, and about requests


class PageSizes:
    """The page sizes that one server accepts, as far as known.

    Examples
    --------
    >>> sizes = PageSizes()
    >>> users = sizes.of("users")
    >>> refusal = ServerError("limit is too large", status=422)
    >>> smaller = users.smaller(PageRequest(0, 10_000), refusal)
    >>> [request.limit for request in smaller]
    [5000, 5000]
    >>> users.accept(smaller[0])
    >>> sizes.of("classes").fitting(10_000)
    5000
    """

    def __init__(self) -> None:
        self.most: int | None = None
        """The largest size that the server accepted after it refused a larger one."""
        self._lists: dict[str, ListSizes] = {}

    def of(self, what: str) -> "ListSizes":
        """Return the sizes for one list."""
        return self._lists.setdefault(what, ListSizes(self))


class ListSizes:
    """The page sizes that the server accepts for one list, as far as known."""

    def __init__(self, server: PageSizes) -> None:
        self._server = server
        self._accepted = 0

    def fitting(self, size: int) -> int:
        """Return how many rows to request if `size` are wanted."""
        most = self._server.most
        return size if most is None else min(size, most)

    def accept(self, request: PageRequest) -> None:
        """Remember the size of a page that arrived."""
        if not request.counted:
            return
        self._accepted = max(self._accepted, request.limit)
        if request.refused:
            self._server.most = self.fitting(request.limit)

    def smaller(self, request: PageRequest, error: RosterError) -> list[PageRequest]:
        """Split a page that failed into two; the first is the larger one.

        Raises
        ------
        RosterError
            The `error`, if a smaller page cannot help.
        """
        half = -(-request.limit // 2)
        if self._refused(request, error):
            part = replace(
                request, limit=max(half, _LEAST), refused=request.refused or request.limit
            )
        elif _failed(request, error) and request.divisible:
            part = replace(request, limit=half, halvings=request.halvings + 1)
        else:
            raise error
        if request.link is not None:
            return [part]
        offset = request.offset + part.limit
        return [part, replace(part, offset=offset, limit=request.limit - part.limit)]

    def _refused(self, request: PageRequest, error: RosterError) -> bool:
        """Return True if the server may have refused a page because of its size."""
        if not isinstance(error, ServerError) or not request.counted or request.limit <= _LEAST:
            return False
        # If a size was accepted before for this list, it is not the reason of a 400.
        return error.status == _TOO_LARGE or (
            error.status in SIZE_REFUSED and request.limit > self._accepted
        )


def _failed(request: PageRequest, error: RosterError) -> bool:
    """Return True if a server may have failed because of the size of a page."""
    if not isinstance(error, ServerError):
        return isinstance(error, NoAnswerError)
    if error.status == _TOO_LARGE:
        return not request.refused
    return isinstance(error, UnavailableError) and error.status != _TOO_MANY
