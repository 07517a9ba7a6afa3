"""The sources by their providers: live servers, CSV bundles, the demo."""
