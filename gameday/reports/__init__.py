"""Pure. What people and machines read of a run; reads nothing but its own templates.

One module for each thing that is handed out, each a function to text:

* ``html``, ``markdown``: for people, from plan, timeline and verdict.
* ``junit``, ``verdict_json``, ``console``: from the verdict alone.
* ``annotations``: findings as problems of the scenario's file. ``problems``: problems
  for GitHub, GitLab, SARIF and JUnit. ``digest``: several runs, for a job's summary.
* ``chart``: the drawn timeline as SVG, from ``chart.rows`` (what there
  is to draw) and ``chart.curves`` (counters made into curves), placed by
  ``chart.paper``.

Below them: ``headline`` (the sentence that matters most), ``chart.event_text`` (an
event as a sentence), ``chart.fault_table`` (what was hit and undone), ``measures``
(promised against measured), ``evidence_tables`` (evidence as tables),
``requests`` (what the load saw), ``provenance`` (of what and by whom), ``repeats``
(several runs of one scenario), ``templates`` (their markup), ``wording``
(numbers as text; it also removes credentials and control characters).
"""
