"""Compares the requests that our client makes of messages with those of google-api-core's path_template.transcode, whose
users are Google's clients.

transcode.py PROGRAM IDL: PROGRAM writes a request for each line `{"method", "route", "message"}` that it reads.
"""

import json
import random
import re
import subprocess
import sys
import urllib.parse

from google.api_core import path_template

TEXTS = ["a", "a b", "é", "a%b", "a:b", "a+b", "a&b=c", "..a", "x/y", "", "people/p", "shelves/s", "shelves/s t", "shelves/s/books/b",
         "shelves/s/books/", "/", "a/", "🙂"]
FIELDS = {
    "name": lambda random: random.choice(TEXTS),
    "count": lambda random: random.randint(-5, 5),
    "big": lambda random: str(random.randint(-(2**63), 2**63 - 1)),
    "flag": lambda random: random.choice([True, False]),
    "color": lambda random: random.choice(["RED", "GREEN"]),
    "tags": lambda random: [random.choice(TEXTS) for _ in range(random.randint(1, 3))],
    "book": lambda random: {"name": random.choice(TEXTS), "pages": random.randint(0, 9)},
    "one": lambda random: random.choice(TEXTS),
}


def bindings(idl):
    """Of each route the method's name, its number, and what transcode takes."""
    for method in re.finditer(r"rpc (\w+)\((\w+)\)[^{]*\{(.*?)\n  \}", idl, re.S):
        name, request, options = method.groups()
        if request != "All":
            continue
        rules = re.findall(r'(get|post|put|patch|delete): "([^"]+)"(?:\s+body: "([^"]+)")?', options)
        for number, (verb, uri, body) in enumerate(rules):
            rule = {"method": verb, "uri": uri}
            yield name, number, rule | ({"body": body} if body else {})


def flat(name, value):
    if isinstance(value, dict):
        return [pair for inner, value in value.items() for pair in flat(f"{name}.{inner}" if name else inner, value)]
    if isinstance(value, list):
        return [pair for item in value for pair in flat(name, item)]
    return [(name, str(value).lower() if isinstance(value, bool) else str(value))]


def in_path(rule, message):
    """The fields that stand in the path, with their values, and whether each is one segment."""
    for field, pattern in re.findall(r"\{([\w.]+)(=[^}]*)?\}", rule["uri"]):
        value = message
        for name in field.split("."):
            value = value.get(name, "") if isinstance(value, dict) else ""
        yield field, value, not pattern


def printed(rule, message):
    """The message as protobuf's JSON prints it, as far as its path goes: without zeros, and without what is false."""
    message = json.loads(json.dumps(message))
    for field, value, _ in in_path(rule, message):
        if value in (0, False):
            place = message
            for name in field.split(".")[:-1]:
                place = place[name]
            del place[field.split(".")[-1]]
    return message


def theirs(rule, message):
    # What is false or a zero is not there for transcode, and truth values are Python's.
    message = json.loads(json.dumps(message))
    for field, value, _ in in_path(rule, message):
        place = message
        for name in field.split(".")[:-1]:
            place = place[name]
        place[field.split(".")[-1]] = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        made = path_template.transcode([rule], **message)
    except ValueError:
        return None
    return made["method"].upper(), made["uri"], sorted(flat("", made["query_params"])), made.get("body")


def ours(answer):
    if "error" in answer:
        return None
    path, _, query = answer["target"].partition("?")
    query = sorted(urllib.parse.parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
    body = json.loads(answer["body"]) if answer["body"] is not None else None
    return answer["verb"], urllib.parse.unquote(path), query, body


def is_known(rule, message, ours, theirs):
    """Why two requests may differ; None for no reason."""
    if theirs is None and ours and any(one and "/" in str(value) for _, value, one in in_path(rule, message)):
        return "google/api/http.proto escapes the slash of a variable of one segment; transcode refuses it"
    if theirs is None and ours and "=**" in rule["uri"] and message["name"] == "":
        return "`**` fits no segment at all for google/api/http.proto; for transcode it needs one"
    return None


def main(program, idl):
    source = random.Random(7)
    with open(idl, encoding="utf-8") as file:
        rules = list(bindings(file.read()))
    cases = []
    for _ in range(200):
        for method, number, rule in rules:
            fields = source.sample(sorted(FIELDS), source.randint(1, len(FIELDS)))
            message = {field: FIELDS[field](source) for field in fields}
            for field in re.findall(r"\{([\w.]+)", rule["uri"]):
                message.setdefault(field.split(".")[0], FIELDS[field.split(".")[0]](source))
            if rule.get("body", "*") != "*":
                message.setdefault(rule["body"], FIELDS[rule["body"]](source))
            cases.append((method, number, rule, message))
    lines = "".join(json.dumps({"method": m, "route": n, "message": printed(rule, message)}) + "\n" for m, n, rule, message in cases)
    answers = subprocess.run([program, "write"], input=lines, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(answers) == len(cases), (len(answers), len(cases))
    made, known, wrong = 0, {}, []
    for (method, number, rule, message), answer in zip(cases, answers):
        left, right = ours(json.loads(answer)), theirs(rule, message)
        made += right is not None
        if left != right:
            reason = is_known(rule, message, left, right)
            if reason:
                known[reason] = known.get(reason, 0) + 1
            else:
                wrong.append(f"{method} {rule} {message}\n  ours   {left}\n  theirs {right}")
    for line in wrong[:10]:
        print(line)
    for reason, count in known.items():
        print(f"{count}: {reason}")
    print(f"{len(cases)} messages, {made} requests made by both or by transcode, {len(wrong)} differ without a reason")
    assert made > len(cases) // 3, "most messages have to fit their routes"
    sys.exit(bool(wrong))


main(*sys.argv[1:])
