"""The Clever Data API."""
