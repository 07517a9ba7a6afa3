"""The made-up district: all canonical tables, from a seed."""
