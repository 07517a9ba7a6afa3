"""The questions that rosters are pulled for, asked of a source or a frame."""

from oneroster_nb.analysis.counting import count, crosstab

__all__ = ["count", "crosstab"]
