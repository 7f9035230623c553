"""Random messages of older.proto, checked by protoc-gen-validate's own Python and by us: the same verdict.

Usage: older.py OURS COUNT
"""

import random
import sys

from protoc_gen_validate.validator import ValidationFailed, validate_all

from oracle import ask, fill, load, repeated, scalar


def known(older):
    """Where verdicts differ: no bound refuses NaN there, and its Python takes a UUID without dashes."""
    field = older.WhichOneof("value") if older.DESCRIPTOR.name == "Values" else None
    value = getattr(older, field) if field else None
    return value != value or (field == "text_uuid" and "-" not in value)


def judge(message):
    try:
        validate_all(message)
    except ValidationFailed as failed:
        return str(failed)
    return ""


def main():
    ours, count = sys.argv[1], int(sys.argv[2])
    make, rng, messages = load(ours, "older"), random.Random(1), []
    for _ in range(count):
        message = make()
        part = message.values if rng.random() < 0.95 else message.required
        part.SetInParent()
        filled = type(part)()
        fill(rng, filled)
        # Few fields at once, so that each decides over many verdicts.
        for field in rng.sample(list(part.DESCRIPTOR.fields), 3 if part.DESCRIPTOR.name == "Required" else 1):
            if repeated(field):
                getattr(part, field.name).MergeFrom(getattr(filled, field.name))
            else:
                alone = type(part)()
                one(rng, alone, field)
                part.MergeFrom(alone)
        messages.append(message)
    different, broken = [], 0
    for message, line in zip(messages, ask(ours, "older", messages)):
        theirs = judge(message)
        broken += bool(theirs)
        if bool(theirs) != bool(line) and not known(message.values):
            different.append((message, theirs, line))
    print(f"{count} messages, {broken} of them are broken; {len(different)} are judged differently")
    for message, theirs, line in different[:20]:
        print(f"theirs: {theirs}\nours: {line}\n{str(message)[:300]}")
    sys.exit(1 if different else 0)


def one(rng, message, field):
    """Sets one field."""
    if field.message_type is not None:
        inner = getattr(message, field.name)
        inner.SetInParent()
        fill(rng, inner, 3)
    else:
        setattr(message, field.name, scalar(rng, field))


if __name__ == "__main__":
    main()
