"""Pure. Questions about alerts: they fire, stay, reset, page; nothing else rings."""
