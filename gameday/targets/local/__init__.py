"""Edge. Plain processes of this machine under supervisord."""
