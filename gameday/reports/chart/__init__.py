"""Pure. Draws a timeline as SVG: rows, curves and a time axis."""
