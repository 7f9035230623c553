"""Serves the kitchen sink in every way, each on a port of its own, and says where."""

import threading

from kitchen_sink import Sink
from kitchen_sink.ttypes import NotFound, V1
from sink_base.ttypes import Denied
from thrift.server.TServer import TThreadedServer
from thrift.transport.TSocket import TServerSocket
from thrift.TMultiplexedProcessor import TMultiplexedProcessor

import peers


class Handler:
    """Answers as the server on the other side of the tests does."""

    def __init__(self):
        self.fired = 0

    def Ping(self, text):
        return str(self.fired) if text == "fired" else text

    def Nothing(self):
        pass

    def Touch(self, key):
        pass

    def Fire(self, key, n):
        self.fired += n

    def UpDown(self, v):
        return V1(v.a)

    def Many(self, a, d, b, c):
        return "%d %s %d %d %s" % (a, b, c.x, c.y, d)

    def Risky(self, kind):
        self.RiskyVoid(kind)
        if kind == "missing":
            raise NotFound("it", ["here", "there"])
        return 7

    def RiskyVoid(self, kind):
        if kind == "denied":
            raise Denied("no", -3)
        if kind == "error":
            raise ValueError("undeclared")

    def __getattr__(self, name):
        if name.startswith(("Echo", "Ret")):
            return lambda v: v
        raise AttributeError(name)


class Socket(TServerSocket):
    """A socket that tells its port."""

    def __init__(self, way):
        TServerSocket.__init__(self, "127.0.0.1", 0)
        self.way = way

    def listen(self):
        TServerSocket.listen(self)
        # One write: the others say theirs at the same time.
        print("serves %s %s %s %d\n" % (*self.way, self.handle.getsockname()[1]), end="", flush=True)


def serve(way):
    protocol, transport, names = way
    processor = Sink.Processor(Handler())
    if names == "multiplexed":
        several = TMultiplexedProcessor()
        several.registerProcessor("Sink", processor)
        processor = several
    wrap, write = peers.TRANSPORTS[transport][1](), peers.PROTOCOLS[protocol][1]()
    TThreadedServer(processor, Socket(way), wrap, write, daemon=True).serve()


threads = [threading.Thread(target=serve, args=(way,), daemon=True) for way in peers.ways()]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
