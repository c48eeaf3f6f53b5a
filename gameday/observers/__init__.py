"""Edge. What observes a run; nothing here can change what it observes.

``prometheus``: rules, alerts, scrapes and samples. ``pages``: what receivers get.
"""
