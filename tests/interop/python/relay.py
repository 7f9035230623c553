"""Reads and writes structs of the kitchen sink with Apache's library, many in one run.

    relay.py IN OUT          each record decoded, then written in both protocols
    relay.py make N SEED OUT random values, each in both protocols
    relay.py same A B        each record of one file means what its fellow in the other means

A record is the type's name and the protocol's, on a line, and the bytes, their number before them.
"""

import random
import struct
import sys

import kitchen_sink.ttypes as sink
import sink_base.ttypes as base
from thrift.Thrift import TType
from thrift.transport.TTransport import TMemoryBuffer

import peers

TYPES = ["Scalars", "Optionals", "Defaults", "Needs", "Containers", "Tree", "OddIds", "Choice", "Holder", "V1", "V2"]


def kind(name):
    return getattr(sink, name, None) or getattr(base, name)


def records(path):
    with open(path, "rb") as file:
        while True:
            line = file.readline()
            if not line:
                return
            name, protocol, length = line.decode().split()
            yield name, protocol, file.read(int(length))


def read(name, protocol, data):
    value, buffer = kind(name)(), TMemoryBuffer(data)
    value.read(peers.PROTOCOLS[protocol][0](buffer))
    assert not buffer.read(1), "bytes are left of a " + name
    return value


def write(name, protocol, value, file):
    buffer = TMemoryBuffer()
    value.write(peers.PROTOCOLS[protocol][0](buffer))
    data = buffer.getvalue()
    file.write(("%s %s %d\n" % (name, protocol, len(data))).encode() + data)


def relay(source, target):
    with open(target, "wb") as file:
        for name, protocol, data in records(source):
            value = read(name, protocol, data)
            for protocol in peers.PROTOCOLS:
                write(name, protocol, value, file)


def number(chance, bits):
    value = chance.getrandbits(chance.randint(0, bits - 1))
    return value if chance.random() < 0.5 else -value - 1


def any_value(chance, ttype, spec, depth):
    if ttype == TType.BOOL:
        return chance.random() < 0.5
    if ttype in (TType.BYTE, TType.I16, TType.I32, TType.I64):
        return number(chance, {TType.BYTE: 8, TType.I16: 16, TType.I32: 32, TType.I64: 64}[ttype])
    if ttype == TType.DOUBLE:
        return struct.unpack("!d", struct.pack("!Q", chance.getrandbits(64)))[0]
    if ttype == TType.STRING:
        if spec == "BINARY":
            return bytes(chance.getrandbits(8) for _ in range(chance.randint(0, 20)))
        return "".join(chance.choice("\0 ax\u00e9\u20ac\U0001f642") for _ in range(chance.randint(0, 20)))
    if ttype == TType.STRUCT:
        return any_struct(chance, spec[0], depth - 1)
    count = chance.choice((0, 1, 2, 15, 17)) if depth > 2 else chance.randint(0, 2) if depth > 0 else 0
    if ttype == TType.MAP:
        key_type, key_spec, value_type, value_spec, _ = spec
        return {
            any_value(chance, key_type, key_spec, depth - 1): any_value(chance, value_type, value_spec, depth - 1)
            for _ in range(count)
        }
    element_type, element_spec, _ = spec
    values = [any_value(chance, element_type, element_spec, depth - 1) for _ in range(count)]
    return set(values) if ttype == TType.SET else values


def any_struct(chance, cls, depth):
    fields = [field for field in cls.thrift_spec if field]
    if cls is sink.Choice:
        fields = [chance.choice(fields)]
    elif cls is sink.Tree and depth <= 0:
        fields = fields[:1]
    return cls(**{name: any_value(chance, ttype, spec, depth) for _, ttype, name, spec, _ in fields})


def make(count, seed, target):
    chance = random.Random(seed)
    with open(target, "wb") as file:
        for _ in range(count):
            name = chance.choice(TYPES)
            value = any_struct(chance, kind(name), 4)
            for protocol in peers.PROTOCOLS:
                write(name, protocol, value, file)


def plain(value):
    """The value with doubles as their bits: NaN is no number that equals itself."""
    if isinstance(value, float):
        return struct.pack("!d", value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if hasattr(value, "thrift_spec"):
        return type(value).__name__, {name: plain(item) for name, item in vars(value).items()}
    return value


def same(one, other):
    count = 0
    for left, right in zip(records(one), records(other), strict=True):
        found, wanted = plain(read(*left)), plain(read(*right))
        assert found == wanted, "%s in %s: %r is not %r" % (*left[:2], found, wanted)
        count += 1
    print(count)


match sys.argv[1:]:
    case ["make", count, seed, target]:
        make(int(count), int(seed), target)
    case ["same", one, other]:
        same(one, other)
    case [source, target]:
        relay(source, target)
