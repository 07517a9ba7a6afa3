"""The canonical tables, and what is done to one of them (pure)."""
