"""HTTP/2 at the two edges: inside the house there is only the message form of HTTP/1.1, already strict.

A client's streams are translated into requests that the conversation reads by the same grammar as all others, and what
it answers is translated back (`edge.py`). Toward an upstream it is the other way round (`upstream.py`). So every check,
every substitution and all scrubbing is the same code for both versions. Frames, HPACK and the states of streams are the
`h2` library's; what it leaves to its user (floods, field syntax, flow control) is kept in the small files here.
"""
