"""Pure. What people and machines read of a run; reads nothing but its own templates.

One module for each thing that is handed out, each a function to text:

* ``html``, ``markdown``: for people, from plan, timeline and verdict.
* ``junit``, ``verdict_json``, ``console``: from the verdict alone.
* ``chart``: the drawn timeline as SVG, from ``lanes`` (what there is to draw)
  and ``curves`` (counters made into curves), placed by ``axis``.

Below them: ``headline`` (the sentence that matters most), ``moments`` (an event as a
sentence), ``hits`` (what was hit and undone), ``measures`` (promised against
measured), ``exhibits`` (evidence as tables), ``wording`` (numbers as text, and the
last line of defence against credentials and control characters).
"""
