"""Two rosters, or two lists of people, compared."""
