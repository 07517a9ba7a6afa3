"""OneRoster CSV bundles, in and out."""
