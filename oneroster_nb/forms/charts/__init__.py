"""Charts of counts: bars as an SVG picture, a crosstab as a heat map (pure)."""
