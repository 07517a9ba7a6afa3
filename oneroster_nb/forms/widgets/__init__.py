"""Small widgets that the panels are made of; `static` holds their JavaScript and CSS."""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
