"""Several processes that run the egress proxy on one socket, started and watched by the server.

`fleet.py` is how the server sees them, `staff.py` one of them as the server sees it, `duty.py` what
a worker does, `__main__.py` where it begins. They speak over a pair of sockets, by the words of
`channel.py`; a worker that loses its end of it has no server any more, and ends.
"""
