"""What the tests share: servers, records, rosters, tools for forms."""
