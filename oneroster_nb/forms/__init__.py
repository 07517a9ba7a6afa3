"""The form in Jupyter."""
