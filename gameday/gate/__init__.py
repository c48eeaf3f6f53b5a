"""Pure. Whether a change may ship: budget left, proof fresh, nothing broken."""
