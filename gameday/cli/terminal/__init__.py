"""Edge. What verbs share on a terminal: options, exit codes, live view, words."""
