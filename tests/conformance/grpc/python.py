"""Python's grpcio as a client of our interop service: metadata and trailers of both kinds, details, deadline,
cancellation, compression. Messages are encoded by hand, so that no compiler is asked for: python.py ADDRESS"""

import sys

import grpc

SERVICE = "/grpc.testing.TestService/"


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def payload(size):
    return field(2, bytes(size))


def method(kind, name):
    same = lambda message: message
    return getattr(channel, kind)(SERVICE + name, request_serializer=same, response_deserializer=same)


def check(name, found, expected):
    assert found == expected, f"{name}: {found!r}, not {expected!r}"
    print(f"{name}: ok")


def code_of(call):
    try:
        call()
    except grpc.RpcError as error:
        return error.code(), error.details()
    return None


channel = grpc.insecure_channel(sys.argv[1])
unary = method("unary_unary", "UnaryCall")
echo = [("x-grpc-test-echo-initial", "here"), ("x-grpc-test-echo-trailing-bin", b"\x00\xff\x10")]
large = field(2, 5) + field(3, payload(1000))

_, call = unary.with_call(large, metadata=echo)
check("header", dict(call.initial_metadata())["x-grpc-test-echo-initial"], "here")
check("binary trailer", dict(call.trailing_metadata())["x-grpc-test-echo-trailing-bin"], b"\x00\xff\x10")

failing = field(7, field(1, 9) + field(2, "päng %\n".encode()))
check("status", code_of(lambda: unary(failing)), (grpc.StatusCode.FAILED_PRECONDITION, "päng %\n"))

for compression in (grpc.Compression.Gzip, grpc.Compression.NoCompression):
    answer = unary(field(2, 20_000) + field(3, payload(100_000)), compression=compression)
    check(f"{compression.name}", len(answer), len(field(1, payload(20_000))))

duplex = method("stream_stream", "FullDuplexCall")
pause = field(2, field(1, 3) + field(2, 5_000_000))
late = lambda: list(duplex(iter([pause]), timeout=0.1))
check("deadline", code_of(late)[0], grpc.StatusCode.DEADLINE_EXCEEDED)
replies = duplex(iter([field(2, field(1, 3)) + pause]))
check("first message", next(replies), field(1, payload(3)))
replies.cancel()
check("cancelled", code_of(lambda: next(replies))[0], grpc.StatusCode.CANCELLED)
check("and the next call", len(unary(large)), len(field(1, payload(5))))
unknown = method("unary_unary", "Nothing")
check("unknown method", code_of(lambda: unknown(b""))[0], grpc.StatusCode.UNIMPLEMENTED)
check("torn request", code_of(lambda: unary(b"\x1a\x7f"))[0] in (grpc.StatusCode.INTERNAL, grpc.StatusCode.INVALID_ARGUMENT), True)
