"""Edge. A namespace of a Kubernetes cluster: pods behind workloads.

* ``client``: the API, and execution in a pod. ``rbac``: what we may do there.
* ``inventory``: what is there. ``watch``: what changes. ``ownership``: whose it is.
* ``faults``: those without a helper. ``sidecars``: how helpers are started and
  spoken to.
"""
