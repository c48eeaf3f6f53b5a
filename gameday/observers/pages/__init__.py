"""Edge. The pager: takes webhooks, and tells of the pages in them."""
