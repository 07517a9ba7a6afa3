"""Saying below an answer at which moment people are counted."""

import pandas as pd

from oneroster_nb.counts.footnotes import at_moment
from oneroster_nb.errors import NoMatchWarning, warn
from oneroster_nb.query.moment import Moment
from oneroster_nb.query.terms import have_dates
from oneroster_nb.tables.status import active


def with_moment(
    answer: pd.DataFrame, moment: Moment, classes: pd.DataFrame, sessions: pd.DataFrame
) -> pd.DataFrame:
    """Keep the moment in ``attrs["as_of"]``, and say in the footnote what about it may mislead.

    NoMatchWarning if no term is running on the day.
    """
    no_term = moment.no_term(sessions)
    if no_term:
        dated = have_dates(active(sessions))
        then = "The answer goes by the dates." if dated else "Pass as_of= for one day."
        warn(f"{no_term} {then}", NoMatchWarning)
    return at_moment(answer, moment.label, moment.notes(classes, sessions))
