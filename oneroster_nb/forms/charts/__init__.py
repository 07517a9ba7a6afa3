"""Charts of counts as SVG pictures (pure)."""
