"""Pure. SLOs and the counting of their events."""
