"""Edge. Faults that a helper beside the victim holds, each defined once.

`network` and `container` define the faults, `driver` injects, proves and undoes them,
`host` is what each platform implements.
"""
