"""Rosters with pseudonyms: codes instead of people's names and ids."""
