"""Binder's image, made once for the tests of its files and for the notebooks."""

import pytest
from helpers.binder_image import Image


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    made = Image(tmp_path_factory.mktemp("binder"))
    made.build()
    return made
