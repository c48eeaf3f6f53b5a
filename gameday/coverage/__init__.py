"""Pure. The register: what faults have proven of alert rules, routes and receivers."""
