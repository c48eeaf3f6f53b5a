"""Edge. The cluster's API: which cluster, one client, bounded waits."""
