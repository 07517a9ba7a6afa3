"""From a question to rows (pure)."""
