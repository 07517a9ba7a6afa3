"""Through which classes people belong to groups (pure)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from oneroster_nb.tables.lookup import codes
from oneroster_nb.tables.roles_at_orgs import slices


@dataclass(frozen=True)
class GroupClasses:
    """Which class is one of which group: positions, an entry for each group of each class.

    Attributes
    ----------
    group, class_ : numpy arrays of int
        Rows of the groups and of the classes, ordered by class.
    many : int
        The number of all classes.
    """

    group: NDArray[np.intp]
    class_: NDArray[np.intp]
    many: int

    @classmethod
    def by_key(
        cls, keys: "pd.Series[str]", groups: "pd.Series[str]", chosen: NDArray[np.bool_]
    ) -> "GroupClasses":
        """Find the classes of groups: each chosen class names its group in `keys`."""
        group = codes(keys, groups)
        class_ = np.flatnonzero((group >= 0) & chosen)
        return cls(group[class_], class_, len(keys))

    @classmethod
    def of_pairs(cls, pairs: pd.DataFrame, many: int) -> "GroupClasses":
        """Make them of ``group`` and ``class_``; a pair may be there several times."""
        once = pairs.drop_duplicates().sort_values(["class_", "group"])
        return cls(once["group"].to_numpy(), once["class_"].to_numpy(), many)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """True for each class that is one of any group."""
        found = np.zeros(self.many, dtype=bool)
        found[self.class_] = True
        return found

    def groups_of(self, classes: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return for each group of each of some classes: the position among these, and the group.

        Examples
        --------
        >>> of = GroupClasses(np.array([0, 0, 1]), np.array([2, 3, 3]), many=5)
        >>> position, group = of.groups_of(np.array([3, 0, 2]))
        >>> position.tolist(), group.tolist()
        ([0, 0, 2], [0, 1, 0])
        """
        sizes = np.bincount(self.class_, minlength=self.many)
        starts = np.cumsum(sizes) - sizes
        position, place = slices(starts[classes], sizes[classes])
        return position, self.group[place]
