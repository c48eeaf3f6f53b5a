"""Pure. When an alert can fire, reset and page: arithmetic of rules and routes."""
