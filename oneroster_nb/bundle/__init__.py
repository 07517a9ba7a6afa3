"""OneRoster CSV bundles: zips or folders with a manifest and one file a table, read and written."""
