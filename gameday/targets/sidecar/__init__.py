"""Edge. What runs inside the helper container, next to the victim.

Only Python's standard library and iptables, ip and tc. These modules are copied
into the container; nothing here may import what is not copied with them.

* ``network``: faults of a network namespace (partition, delay, loss, rate)
* ``proof``: the probes that tell whether they bite
* ``resource``: faults of a container's cgroup (cpu, memory)
* ``process``: a container's processes (freeze, kill), and the way to them
"""
