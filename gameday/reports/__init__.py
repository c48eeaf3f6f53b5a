"""Pure. A verdict and its timeline as something to read."""
