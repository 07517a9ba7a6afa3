"""Rosters that are safe to share: people under codes."""
