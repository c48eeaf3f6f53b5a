"""Edge. Faults that a helper beside the victim holds, each defined once.

`faults` says what each of them is, `driver` how all of them begin and end, `host`
what a platform contributes.
"""
