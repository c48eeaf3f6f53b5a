"""Edge. Compose projects on a Docker engine, here or far away.

``sidecars``: how helpers are started and spoken to on an engine.
"""
