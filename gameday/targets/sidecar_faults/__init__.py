"""Edge. Faults that a helper beside the victim holds.

`definitions` defines each once, `driver` injects, proves and undoes them, `host` is
what each platform implements.
"""
