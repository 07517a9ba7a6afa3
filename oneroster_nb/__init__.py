"""School rosters from OneRoster, ClassLink and Clever as pandas DataFrames.

    import oneroster_nb as onb

    conn = onb.connect("demo")
    conn.get_users("students", "classes", "ELA 6 (6A ELA)")

The public names stand in ``__init__.pyi``; each is imported when it is first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
