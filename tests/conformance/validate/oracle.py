"""Random messages of checks.proto, checked by protovalidate and by us: same verdict, same paths and rules.

Usage: oracle.py OURS COUNT
"""

import json
import random
import struct
import subprocess
import sys
import time

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, duration_pb2, empty_pb2, field_mask_pb2  # noqa: F401
from google.protobuf import message_factory, timestamp_pb2, wrappers_pb2  # noqa: F401
from google.protobuf.descriptor import FieldDescriptor as F

TEXTS = """| |a|b|ab|abc|abcd|é|éa|a1|A|a.b|a@b.c|a@b|@b|a@b@c|ä@b|a@-b|x.y.z|example.com|example.com.|-a|a-|a_b|1.2.3
127.0.0.1|256.0.0.1|01.2.3.4|1.2.3.4/8|10.0.0.0/8|10.0.0.0/33|10.0.0.0/08|::|::1|::1/128|::/0|2001:db8::/32|2001:db8::1/32
fe80::1%eth0|fe80::1%|1::2::3|::ffff:1.2.3.4|12345::|a:80|a.b:0|a:65536|a:080|1.2.3.4:80|[::1]:80|[::1]|::1:80|:80|[fe80::1%a]:80
http://a|http://a/b?c=d#e|http://[::1]:80/x|http://[::1|http://a:x|http://a:70000|urn:a:b|a:|/a|//a|//a:b|?q|#f|a b|a%20b|a%2|a%zz
http://[fe80::1%25a]/|http://[v1.a]|http://u:p@h:1/|http://u@v@h|http://a%ff|http://a%c3%a9|mailto:a@b|1a:b|a/b:c|x://|http://
123e4567-e89b-12d3-a456-426614174000|123E4567e89b12d3a456426614174000|123e4567-e89b-12d3-a456-42661417400g
01ARZ3NDEKTSV4RRFFQ69G5FAV|81ARZ3NDEKTSV4RRFFQ69G5FAV|.a.b|a..b|_a.b1|1a|x-header|:path|a,b|a/b|a:b|::|`|{|a{|tab\there|nl\nx|nul\0x|del\x7f""".replace("\n", "|").split("|")
TEXTS = [it.encode().decode("unicode_escape").encode("latin-1").decode() if "\\" in it else it for it in TEXTS]
TEXTS += ["x" * 63 + ".a", "x" * 64 + ".a", ".".join(["abc"] * 63) + ".a", ".".join(["abc"] * 64), "a" * 65 + "@b", "line\nx", "cr\rx"]
KEYS = ["", "a", "b", "abc", 'a"b', "é"]
INTS = [0, 1, 2, 3, 4, 5, 6, 100]
FLOATS = [0.0, -0.0, 1.0, 2.0, 2.5, 3.0, 4.999, 5.0, 6.0, -1.0, 1e30, float("inf"), float("-inf"), float("nan")]
BYTES = [b"", b"a", b"aa", b"bb", b"ab", b"a\0b", b"aaab", b"\xff", b"x" * 4, b"x" * 16, b"x" * 5]


def scalar(rng, field):
    kind = field.type
    if kind == F.TYPE_STRING:
        text = rng.choice(TEXTS)
        return text if rng.random() < 0.8 else text + rng.choice("ab.:/@-%1é ")
    if kind == F.TYPE_BYTES:
        # Where a pattern meets bytes that are no text, protovalidate fails as a whole; here the rule is broken.
        return rng.choice([it for it in BYTES if it != b"\xff"] if "pattern" in field.name else BYTES)
    if kind == F.TYPE_BOOL:
        return rng.random() < 0.5
    if kind in (F.TYPE_FLOAT, F.TYPE_DOUBLE):
        return rng.choice(FLOATS)
    if kind == F.TYPE_ENUM:
        return rng.choice([0, 1, 5, 7])
    if kind in (F.TYPE_UINT32, F.TYPE_UINT64, F.TYPE_FIXED32, F.TYPE_FIXED64):
        return rng.choice(INTS)
    return rng.choice(INTS + [-1, -2])


def repeated(field):
    # The older releases of the library have no other way.
    return field.is_repeated if hasattr(field, "is_repeated") else field.label == F.LABEL_REPEATED


def fill(rng, message, depth=0):
    name = message.DESCRIPTOR.full_name
    if name == "google.protobuf.Timestamp":
        now = int(time.time())
        message.seconds = rng.choice([0, 5, 10, 500, 1000, 1001, now - 100_000, now - 100, now + 100, now + 100_000])
        message.nanos = rng.choice([0, 0, 1])
        return
    if name == "google.protobuf.Duration":
        message.seconds = rng.choice([0, 1, 3, 5, 6])
        message.nanos = rng.choice([0, 0, 4, 5, 6])
        return
    if name == "google.protobuf.Any":
        message.type_url = rng.choice(["", "type.googleapis.com/a.B", "type.googleapis.com/c.D"])
        return
    # One part at a time: no more than a hundred violations are told.
    part = rng.randrange(6)
    for at, field in enumerate(message.DESCRIPTOR.fields):
        if at != part if name == "checks.All" else rng.random() < 0.4 or depth > 6:
            continue
        entry = field.message_type if field.type == F.TYPE_MESSAGE else None
        if entry is not None and entry.GetOptions().map_entry:
            target = getattr(message, field.name)
            value = entry.fields_by_name["value"]
            for _ in range(rng.randrange(4)):
                key = entry.fields_by_name["key"]
                key = rng.choice(KEYS) if key.type == F.TYPE_STRING else scalar(rng, key)
                if value.type == F.TYPE_MESSAGE:
                    fill(rng, target[key], depth + 1)
                else:
                    target[key] = scalar(rng, value)
        elif repeated(field):
            for _ in range(rng.randrange(4)):
                if entry is not None:
                    fill(rng, getattr(message, field.name).add(), depth + 1)
                else:
                    getattr(message, field.name).append(scalar(rng, field))
        elif entry is not None:
            getattr(message, field.name).SetInParent()
            fill(rng, getattr(message, field.name), depth + 1)
        else:
            setattr(message, field.name, scalar(rng, field))


def path(field):
    """A path as protovalidate writes it for people."""
    out = ""
    for element in field.elements:
        out += ("." if out else "") + element.field_name
        if element.subscript is not None:
            value = element.subscript.value
            text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value).lower()
            out += f"[{text}]"
    return out


def load(ours, name):
    """The class of a file's message `All`."""
    files = descriptor_pb2.FileDescriptorSet()
    files.ParseFromString(subprocess.run([ours, name, "descriptors"], stdout=subprocess.PIPE, check=True).stdout)
    pool = descriptor_pool.Default()
    for file in files.file:
        if not file.name.startswith("google/protobuf/"):
            pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{name}.All"))


def ask(ours, name, messages):
    """A line per message of what we say of it."""
    encoded = [message.SerializeToString() for message in messages]
    framed = b"".join(struct.pack(">I", len(it)) + it for it in encoded)
    return subprocess.run([ours, name], input=framed, stdout=subprocess.PIPE, check=True).stdout.decode().split("\n")


def main():
    ours, count = sys.argv[1], int(sys.argv[2])
    make, rng, messages = load(ours, "checks"), random.Random(1), []
    for _ in range(count):
        message = make()
        fill(rng, message)
        messages.append(message)
    said = ask(ours, "checks", messages)
    import protovalidate

    validator = protovalidate.Validator()
    different, broken, violations = [], 0, 0
    for message, line in zip(messages, said):
        found = [it.proto for it in validator.collect_violations(message)]
        theirs = sorted(f"{path(it.field) if it.field else ''} {it.rule_id}" for it in found)
        mine = line.split("\t") if line else []
        broken += bool(theirs)
        violations += len(theirs)
        if theirs != mine:
            different.append((message, sorted(set(theirs) - set(mine)), sorted(set(mine) - set(theirs))))
    print(f"{count} messages, {broken} of them break {violations} rules; {len(different)} are judged differently")
    for message, theirs, mine in different[:5]:
        print(f"theirs alone: {theirs}\nours alone: {mine}\n{str(message)[:600]}")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
