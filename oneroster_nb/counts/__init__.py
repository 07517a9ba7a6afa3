"""Counts of distinct people, small ones hidden (pure)."""
