"""``arbtui bench ui``: what the screen costs the engine, in a terminal of its own that can be slow, stop and change.

``part`` says which runs there are and what their figures should be; ``run`` is one of them from start to end, with
somebody who reads and presses keys; ``guest`` is the child in the ``terminal``: the engine on the scripted ``market``,
with its screen or without one.
"""
