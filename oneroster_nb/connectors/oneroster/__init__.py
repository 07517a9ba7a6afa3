"""OneRoster REST 1.1 and 1.2, and ClassLink."""
