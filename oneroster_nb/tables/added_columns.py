"""The columns that providers add to the standard's, and the words that people use for them."""

PREFIXES = ("clever.",)
"""How the names of added columns begin."""
OTHER_NAMES = {"sis_id": ("clever.sis_id", "identifier")}
"""A word of a provider to the columns that can be meant."""
MATCHED_TOO = {"clever.sis_id": "sis_id"}
"""An added column of classes to the field that names are compared with if the column is there."""
