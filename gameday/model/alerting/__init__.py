"""Pure. Alert rules, labels, routes and receivers, as known before they fire."""
