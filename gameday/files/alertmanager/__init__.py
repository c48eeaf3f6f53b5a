"""Edge. Alertmanager: receivers, routes, matchers, time intervals."""
