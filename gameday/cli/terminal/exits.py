"""The exit codes, as every `--help` states them."""

EXITS = """\b
Exit codes:
  0    pass
  1    fail, or a promise that cannot be kept
  2    usage, an invalid file, or a refusal; nothing was touched
  3    inconclusive: something could not be observed
  4    stopped by a guardrail, everything undone
  5    something is still broken: an undo did not succeed
  130  stopped by a person or a signal, everything undone
The worst of several wins: 5, 130, 4, 2, 1, 3, 0.
"""
