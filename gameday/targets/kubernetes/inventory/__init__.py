"""Edge. What is in a namespace: pods as instances, workloads, the fingerprint."""
