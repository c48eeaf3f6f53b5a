"""Pure. Pages, and which alert each of them speaks of."""
