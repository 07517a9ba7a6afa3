"""check(): the rules, and what they find."""
