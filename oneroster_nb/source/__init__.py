"""The calls of every source."""
