"""Rosters in memory and on disk."""
