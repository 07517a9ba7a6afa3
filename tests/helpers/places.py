"""Places of files in the checkout."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"
SPECS = ROOT.parent / "shared" / "specs"
