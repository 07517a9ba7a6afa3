"""Saying below an answer at which moment people are counted."""

import pandas as pd

from oneroster_nb.counts.footnotes import at_moment
from oneroster_nb.errors import NoMatchWarning, warn
from oneroster_nb.query.moment import Moment


def with_moment(
    answer: pd.DataFrame, moment: Moment, classes: pd.DataFrame, sessions: pd.DataFrame
) -> pd.DataFrame:
    """Keep the moment in ``attrs["as_of"]``, and say in the footnote what about it may mislead.

    NoMatchWarning if no term is running on the day.
    """
    no_term = moment.no_term(sessions)
    if no_term:
        warn(f"{no_term} The answer goes by the dates.", NoMatchWarning)
    return at_moment(answer, moment.label, moment.notes(classes, sessions))
