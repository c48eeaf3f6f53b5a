"""Pure. Faults: the catalogue, requests, victims; the actions of other extensions."""
