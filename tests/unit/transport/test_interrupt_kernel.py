"""Interrupting a pull in a notebook: the kernel is free at once, and the connection goes on."""

import threading
from collections.abc import Iterator

import pytest
from helpers.faults import at
from helpers.faultserver import Answer, Asked, FaultServer
from helpers.records import school
from jupyter_client import BlockingKernelClient, KernelManager
from jupyter_client.manager import start_new_kernel

SECONDS = 120


@pytest.fixture
def kernel() -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    manager, client = start_new_kernel(kernel_name="python3")
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client: BlockingKernelClient, code: str) -> dict[str, object]:
    reply = client.execute_interactive(code, timeout=SECONDS, output_hook=lambda _: None)
    content: dict[str, object] = reply["content"]
    return content


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_interrupt_in_a_notebook_waits_for_no_answer(
    kernel: tuple[KernelManager, BlockingKernelClient],
) -> None:
    """The server holds its answers back until the interrupt was handled."""
    manager, client = kernel
    asked, handled = threading.Event(), threading.Event()

    def held(_asked: Asked, _answer: Answer) -> None:
        asked.set()
        handled.wait(SECONDS)

    with FaultServer(school(), at("students", held)) as server:
        connect = (
            "import oneroster_nb as onb\n"
            f"conn = onb.OneRosterConnector({server.host!r}, 'an id', 'a secret',"
            " timeout=(600, 600))"
        )
        assert run(client, connect)["status"] == "ok"
        # A kernel aborts what comes right after an error, unless it is told not to.
        request = client.execute("conn.get_users('students')", stop_on_error=False)
        assert asked.wait(SECONDS)
        manager.interrupt_kernel()
        while (reply := client.get_shell_msg(timeout=SECONDS))["parent_header"][
            "msg_id"
        ] != request:
            pass
        assert not handled.is_set()
        handled.set()
        assert reply["content"]["status"] == "error"
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        after = run(client, "assert len(conn.get_users('students')) == 6")
        assert after["status"] == "ok", after
