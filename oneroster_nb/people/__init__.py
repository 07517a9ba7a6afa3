"""Who is the same person (pure)."""
