"""Edge. One verb per module.

``files``: verbs about files. ``days``: about game days and what they leave.
``evidence``: about stored runs. ``terminal``: options, views and exit codes for all.
"""
