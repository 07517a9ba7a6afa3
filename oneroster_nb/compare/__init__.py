"""Two rosters, or two lists of people, held against each other."""

from oneroster_nb.compare.changes import Diff, diff
from oneroster_nb.compare.lists import compare_lists
from oneroster_nb.compare.people import match_people

__all__ = ["Diff", "compare_lists", "diff", "match_people"]
