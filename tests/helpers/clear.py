"""What makes an error clear to the person who sees it."""

import re
import traceback

_LIBRARY = re.compile(
    r'File "[^"]*(requests|requests_oauthlib|oauthlib|urllib3|pyarrow|pandas|json|http|ssl|socket)'
    r'(\.py|/[^"]*)"'
)


def shown(error: BaseException) -> str:
    """Return what a notebook shows of an error."""
    return "".join(traceback.format_exception(error))


def assert_clear(error: BaseException, *parts: str) -> None:
    """Check that the message holds these parts, and that no library's traceback is shown."""
    for part in parts:
        assert part in str(error)
    assert not _LIBRARY.search(shown(error))
    assert "During handling of" not in shown(error)
    assert "direct cause" not in shown(error)
