"""The calls that every source has."""
