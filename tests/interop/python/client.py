"""Calls the kitchen sink at a port in every way; ends at the first answer that is not the right one."""

import math
import sys

from kitchen_sink import Sink
from kitchen_sink.ttypes import (
    Choice, Color, Containers, Defaults, Holder, Needs, NotFound, OddIds, Optionals, Scalars, Tree, V1, V2)
from sink_base.ttypes import Denied, Empty, Level, Point
from thrift.protocol.TMultiplexedProtocol import TMultiplexedProtocol
from thrift.Thrift import TApplicationException, TMessageType
from thrift.transport.TSocket import TSocket

import peers


def scalars(flag, tiny, small, medium, large, real, text, blob, color, level):
    return Scalars(flag, tiny, tiny, small, medium, large, real, text, blob, color, level, large)


def extremes():
    """Scalars at both ends of every type."""
    yield scalars(True, 127, 2**15 - 1, 2**31 - 1, 2**63 - 1, sys.float_info.max, "", b"", Color.MAX, Level.HIGH)
    yield scalars(False, -128, -(2**15), -(2**31), -(2**63), -math.inf, "\0 \U0010ffff", bytes(range(256)), -1, -2)
    yield scalars(True, 0, -1, 1, 0, sys.float_info.min, "x" * 100000, b"\xff" * 100000, Color.RED, Level.MID)


def containers(count):
    point = Point(-1, 2**31 - 1)
    return Containers(
        [i % 2 == 0 for i in range(count)], list(range(count)), [str(i) for i in range(count)], [i / 3 for i in range(count)],
        [b"\0" * i for i in range(count)], set(range(-count, count)), {str(i) for i in range(count)},
        {str(i): -i for i in range(count)}, {i: ["x"] * i for i in range(count)}, [[i] * i for i in range(count)],
        {str(i): {"": i} for i in range(count)}, [point] * count, {-i: point for i in range(count)},
        [{str(i): {i}} for i in range(count)], [Color.BLUE] * count, {i: str(i) for i in range(count)},
        {str(i): [point] * i for i in range(count)}, {True: 1, False: -1} if count else {})


def tree(depth):
    return Tree(depth, [tree(depth - 1)] * 2 if depth % 3 == 0 else None, tree(depth - 1)) if depth else Tree(0)


def same(found, wanted):
    assert found == wanted, "%r is not %r" % (found, wanted)


def raises(kind, call, *arguments):
    try:
        found = call(*arguments)
    except kind as error:
        return error
    raise AssertionError("%s gave %r" % (call.__name__, found))


def values(sink):
    for value in extremes():
        same(sink.EchoScalars(value), value)
    for count in (0, 1, 14, 15, 16, 200):
        same(sink.EchoContainers(containers(count)), containers(count))
    same(sink.EchoOptionals(Optionals()), Optionals())
    full = Optionals(False, -1, -1, -1, -1, -0.5, "", b"", Color.GREEN, Point(0, 0), [], {""}, {"": 0})
    same(sink.EchoOptionals(full), full)
    same(sink.EchoDefaults(Defaults()), Defaults())
    needs = Needs(False, 0, "", Point(1, 2), [], {-1: "minus"})
    same(sink.EchoNeeds(needs), needs)
    same(sink.EchoTree(tree(9)), tree(9))
    odd = OddIds("hundred", "three", "top", "one")
    same(sink.EchoOdd(odd), odd)
    chosen = [Choice(number=-1), Choice(text=""), Choice(point=Point(3, 4)), Choice(names=["a"]),
              Choice(nothing=Empty()), Choice(flag=False)]
    for choice in chosen:
        same(sink.EchoChoice(choice), choice)
    same(sink.EchoHolder(Holder(chosen[0], None, chosen)), Holder(chosen[0], None, chosen))
    same(sink.EchoEmpty(Empty()), Empty())
    same(sink.UpDown(V2("kept", 1, [Point(1, 1)], {"un": "known"})), V1("kept"))
    assert math.isnan(sink.RetDouble(math.nan))
    same(math.copysign(1, sink.RetDouble(-0.0)), -1.0)


def returns(sink):
    for call, value in [
        (sink.RetBool, True), (sink.RetBool, False), (sink.RetByte, -128), (sink.RetI16, -1), (sink.RetI32, -(2**31)),
        (sink.RetI64, 2**63 - 1), (sink.RetDouble, math.inf), (sink.RetString, "\u00e9"), (sink.RetBinary, b"\xff\0"),
        (sink.RetEnum, Color.BLUE), (sink.RetList, ["", "b"]), (sink.RetSet, {-1, 0, 2**31 - 1}),
        (sink.RetMap, {"p": Point(5, -6)}), (sink.RetTypedef, "name"),
    ]:
        same(call(value), value)
    same(sink.Many(1, "d", [2, 3], Point(4, 5)), "1 [2, 3] 4 5 d")
    same(sink.snake_case_method("snake"), "snake")


def outcomes(sink):
    same(sink.Nothing(), None)
    same(sink.Touch("key"), None)
    before = int(sink.Ping("fired"))
    sink.Fire("key", 2)
    sink.Fire("key", 3)
    same(int(sink.Ping("fired")), before + 5)
    same(sink.Risky("well"), 7)
    same(raises(Denied, sink.Risky, "denied"), Denied("no", -3))
    same(raises(NotFound, sink.Risky, "missing"), NotFound("it", ["here", "there"]))
    same(raises(Denied, sink.RiskyVoid, "denied"), Denied("no", -3))
    same(sink.RiskyVoid("well"), None)
    error = raises(TApplicationException, sink.Risky, "error")
    same((error.type, error.message), (TApplicationException.INTERNAL_ERROR, "undeclared"))


def refused(sink, write, name):
    """The exception that a call without arguments gets."""
    write.writeMessageBegin(name, TMessageType.CALL, 99)
    Sink.Nothing_args().write(write)
    write.writeMessageEnd()
    write.trans.flush()
    return raises(TApplicationException, sink.recv_Nothing)


def call(way, port):
    protocol, transport, names = way
    socket = TSocket("127.0.0.1", port)
    wrapped = peers.TRANSPORTS[transport][0](socket)
    wrapped.open()
    read = peers.PROTOCOLS[protocol][0](wrapped)
    write = TMultiplexedProtocol(read, "Sink") if names == "multiplexed" else read
    sink = Sink.Client(read, write)
    for check in (outcomes, values, returns, outcomes):
        check(sink)
    same(refused(sink, write, "Nope").type, TApplicationException.UNKNOWN_METHOD)
    if names == "multiplexed":
        error = refused(sink, TMultiplexedProtocol(read, "Nobody"), "Nothing")
        same((error.type, error.message), (TApplicationException.UNKNOWN_METHOD, "unknown service Nobody; served here: Sink"))
    same(sink.Ping("still here"), "still here")
    wrapped.close()
    print("called", *way, flush=True)


for way in peers.ways():
    call(way, int(sys.argv[1]))
