"""Where a worker begins. The server starts it with two descriptors: of its end of the channel, and of the socket."""

import socket
import sys

from strongroom import event_loop
from strongroom.workers.duty import serve

if __name__ == "__main__":
    control, bound = (socket.socket(fileno=int(descriptor)) for descriptor in sys.argv[1:3])
    sys.exit(event_loop.run(serve(control, bound, settled=event_loop.settled)))
