"""Pure. The drawing of a timeline: axis, lanes, curves, in SVG."""
