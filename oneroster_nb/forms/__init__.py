"""The forms: ipywidgets over the connectors and the analysis, for use without writing code."""
