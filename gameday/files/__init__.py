"""Edge. From files to the model; every problem of every file at once, with its line.

* ``source``, ``yaml``, ``json_text``, ``nodes``, ``cursor``: text to a tree with lines.
* ``env``: environment files, and ``${NAME}`` in the values of a scenario.
* ``scenario_*``, ``load``, ``schema``: scenarios. ``experiment*``: experiments.
* ``slo``, ``openslo``, ``sloth``: SLOs. ``promql``: what is read of an expression.
* ``rules``, ``prometheus_config``, ``alertmanager*``, ``amtool``: what alerts.
* ``kind``, ``neighbours``, ``pieces``: telling files apart, each document by itself.
* ``check``, ``judging``, ``folder``, ``changed``, ``disabled``: `gameday check`.
* ``problem_ids``: what each problem's id means. ``installed``: others' functions, read
  from their source.
"""
