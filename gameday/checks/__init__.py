"""Pure. Timeline to findings: a question is answered by one function.

`judge` builds a verdict: `asked` lists every question of a plan, `findings_of` answers
each one (a crash is inconclusive) from what `run` and `step` make of the timeline.
`record` and `pages` read the timeline; `alerts`, `slos`, `service` and `faults` hold
the questions; every answer passes the `gate`, which asks for `doubt`.
"""
