"""What makes answers safe to share: small counts hidden, people under other names."""
