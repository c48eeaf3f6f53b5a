"""Edge. From files to the model; every problem of every file at once, with its line.

* ``text``: text to a tree with lines. ``scenario``, ``experiment``, ``slo``,
  ``prometheus``, ``promql``, ``alertmanager``: one room per kind of file.
* ``kind``, ``neighbours``, ``pieces``: telling files apart, each document by itself.
* ``check``, ``judge_file``, ``folder``, ``changed``, ``disabled``: `gameday check`.
* ``templates``: the files that `gameday init` and `gameday ci` write.
* ``problem_ids``: what each problem's id means.
"""
