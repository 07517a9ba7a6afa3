"""The bench server as those see it who ask it: started, set, and asked what it counted."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

CONTROL = "/bench"
"""The path that tells and sets how the server answers."""
TOKEN = "bench"
"""The token of the district for Clever."""
SERVER = Path(__file__).with_name("server.py")


@dataclass(frozen=True)
class Network:
    """The network and the server that a question meets.

    Attributes
    ----------
    latency : float
        Seconds that each request takes.
    connecting : float
        Seconds that each new connection takes.
    page : int
        The rows that a client asks for at once.
    workers : int
        The requests that ours has under way at once; the peer has one.
    cap : int
        The most rows that the server sends at once.
    packed : bool
        Whether the server compresses its answers.
    """

    latency: float = 0
    connecting: float = 0
    page: int = 10_000
    workers: int = 4
    cap: int = 10_000
    packed: bool = False


class Serving:
    """A running bench server."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.host = f"{root}/ims/oneroster/v1p1/"
        self.clever_host = f"{root}/v3.1/"

    def begin(self, network: Network) -> None:
        """Answer as over this network from now on, and count from 0."""
        self._control(
            {
                "latency": network.latency,
                "connecting": network.connecting,
                "cap": network.cap,
                "packed": int(network.packed),
            }
        )

    def counted(self) -> int:
        """Return the requests since :meth:`begin`."""
        return self._control({})

    def _control(self, settings: dict[str, float]) -> int:
        query = urlencode(settings)
        with urlopen(f"{self.root}{CONTROL}{'?' + query if query else ''}") as answer:
            told: dict[str, int] = json.loads(answer.read())
        return told["requests"]


@contextmanager
def serve(folder: Path) -> Iterator[Serving]:
    """Start a server of a saved district in a process of its own; it ends with the block."""
    command = [sys.executable, str(SERVER), str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            root = process.stdout.readline().strip()
            if not root:
                raise RuntimeError("The bench server did not start; what it wrote stands above.")
            yield Serving(root)
        finally:
            process.stdin.close()
