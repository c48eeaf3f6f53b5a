"""Edge. A namespace of a Kubernetes cluster: pods behind workloads."""
