"""The web server of the demo: OneRoster 1.1 and 1.2, and Clever."""
