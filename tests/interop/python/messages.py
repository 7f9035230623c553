"""Reads messages with Google's library and says what they are to it, one after the other.

Every part is its length, 4 bytes, big-endian, and that many bytes. First comes a set of file descriptors, then,
for each message: its type's name, the message as somebody wrote it, the same as the other side wrote it
in bytes and in JSON, and words for how JSON is wanted. The answer is what is wrong (else nothing), the
message in bytes, and in JSON. A part of no bytes for JSON means that it has none.
"""

import struct
import sys

from google.protobuf import any_pb2, duration_pb2, empty_pb2, field_mask_pb2, struct_pb2, timestamp_pb2, wrappers_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

KNOWN = [any_pb2, duration_pb2, empty_pb2, field_mask_pb2, struct_pb2, timestamp_pb2, wrappers_pb2]
POOL = descriptor_pool.Default()


def hear():
    head = sys.stdin.buffer.read(4)
    if not head:
        sys.exit()
    return sys.stdin.buffer.read(struct.unpack(">I", head)[0])


def say(*parts):
    for part in parts:
        sys.stdout.buffer.write(struct.pack(">I", len(part)) + part)
    sys.stdout.buffer.flush()


def kind(name):
    descriptor = POOL.FindMessageTypeByName(name)
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(POOL).GetPrototype(descriptor)


def settle(message):
    """Leaves out unknown fields. Entries of a map with one key are one when somebody has counted them, not before."""
    message.DiscardUnknownFields()
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            assert len(value)
            inside = value.values() if field.message_type.fields_by_name["value"].message_type else []
        else:
            inside = value if field.label == field.LABEL_REPEATED else [value]
        for item in inside:
            settle(item)


def meaning(message):
    """NaN is no number that equals itself, so bytes are compared."""
    settle(message)
    return message.SerializeToString(deterministic=True)


def judge(cls, given, ours, json, words):
    message = cls.FromString(given)
    back = message.SerializeToString()
    wanted = meaning(message)
    if meaning(cls.FromString(ours)) != wanted:
        return "in bytes", back, b""
    if not json:
        return "", back, b""
    options = {word: True for word in words.decode().split()}
    text = json_format.MessageToJson(message, **options).encode()
    try:
        found = meaning(json_format.Parse(json, cls()))
    except json_format.ParseError as error:
        return str(error), back, text
    return "" if found == wanted else "in JSON", back, text


for file in descriptor_pb2.FileDescriptorSet.FromString(hear()).file:
    POOL.Add(file)
while True:
    name, given, ours, json, words = (hear() for _ in range(5))
    wrong, back, text = judge(kind(name.decode()), given, ours, json, words)
    say(wrong.encode(), back, text)
