"""Edge. What runs inside the helper container, next to the victim.

Only Python's standard library and iptables, ip and tc. These modules are copied
into the container; nothing here may import what is not copied with them.
"""
