"""The secret field in a real browser: it hands its text over, and leaves it nowhere."""

import hashlib
import secrets

import pytest

from browser.labdriver import Lab

# The kernel shows a digest of what it got, never the text.
FORM = """
import hashlib
import ipywidgets
from oneroster_nb.forms.widgets.secret_field import SecretField

field = SecretField("Client secret", placeholder="kept in this browser")
connect = ipywidgets.Button(description="Connect")
heard = ipywidgets.Label()

def hear(how):
    def show(secret):
        digest = hashlib.sha256(secret.reveal().encode()).hexdigest()[:12]
        heard.value = f"{how} {digest}"
    return show

connect.on_click(lambda _: field.collect(hear("connect")))
field.on_submit(hear("enter"))
ipywidgets.VBox([field, connect, heard])
"""


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@pytest.fixture
def secret() -> str:
    return secrets.token_urlsafe(24) + "-é"


def test_connect_collects_what_was_typed(lab: Lab, secret: str) -> None:
    lab.open_notebook([FORM])
    lab.run_all()
    field = lab.page.get_by_label("Client secret")
    assert field.get_attribute("type") == "password"
    assert field.get_attribute("autocomplete") == "off"
    field.fill(secret)
    lab.page.get_by_role("button", name="Connect").click()
    lab.page.get_by_text(f"connect {digest(secret)}").wait_for()
    assert field.input_value() == secret, "a failed connect must not lose what was typed"


def test_enter_submits_and_clear_empties(lab: Lab, secret: str) -> None:
    lab.open_notebook([FORM])
    lab.run_all()
    field = lab.page.get_by_label("Client secret")
    field.press_sequentially(secret)
    field.press("Enter")
    lab.page.get_by_text(f"enter {digest(secret)}").wait_for()
    lab.kernel("field.clear()")
    lab.page.wait_for_function("() => !document.querySelector('input[type=password]').value")
    lab.page.get_by_role("button", name="Connect").click()
    lab.page.get_by_text(f"connect {digest('')}").wait_for()


def test_shown_twice_it_is_one_field(lab: Lab, secret: str) -> None:
    lab.open_notebook([FORM, "field"])
    lab.run_all()
    first, second = (lab.page.get_by_label("Client secret").nth(at) for at in (0, 1))
    second.fill(secret)
    assert first.input_value() == secret
    lab.page.get_by_role("button", name="Connect").click()
    lab.page.get_by_text(f"connect {digest(secret)}").wait_for()
    lab.kernel("field.clear()")
    lab.page.wait_for_function(
        "() => [...document.querySelectorAll('input[type=password]')].every((i) => !i.value)"
    )


def test_it_can_be_switched_off(lab: Lab, secret: str) -> None:
    lab.open_notebook([FORM])
    lab.run_all()
    field = lab.page.get_by_label("Client secret")
    field.fill(secret)
    lab.kernel("field.disabled = True; field.description = 'Access token'")
    disabled = lab.page.get_by_label("Access token")
    disabled.wait_for()
    assert disabled.is_disabled()
    lab.page.get_by_role("button", name="Connect").click()
    lab.page.get_by_text(f"connect {digest(secret)}").wait_for()


@pytest.mark.parametrize("collected", [True, False])
def test_saved_widget_state_holds_no_secret(lab: Lab, secret: str, collected: bool) -> None:
    lab.open_notebook([FORM, "ipywidgets.Password(description='Plain')"], save_widget_state=True)
    lab.run_all()
    lab.page.get_by_label("Client secret").fill(secret)
    leaked = secrets.token_urlsafe(24)
    lab.page.get_by_label("Plain").fill(leaked)
    if collected:
        lab.page.get_by_role("button", name="Connect").click()
        lab.page.get_by_text(f"connect {digest(secret)}").wait_for()
    saved = lab.save()
    assert leaked in saved, "widget state was not saved, so this test would prove nothing"
    assert "Client secret" in saved
    assert secret not in saved
    assert secret[:-2] not in saved
