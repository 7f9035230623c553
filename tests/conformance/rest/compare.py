"""Sends the same requests to two servers of rest.proto and compares status and body.

compare.py OURS THEIRS KNOWN: KNOWN has a line per request that may differ, `NAME  reason`.
"""

import http.client
import itertools
import json
import sys

JSON = {"content-type": "application/json"}


def requests():
    """Pairs of a name and (verb, target, headers, body)."""
    for name in ["a", "a%20b", "a%2Fb", "%C3%A9", "a:b", "a.b", "a+b", "a%25", "a~_-", "%F0%9F%99%82", "a%3Ab", "..a"]:
        yield f"get {name}", ("GET", f"/v1/{name}", {}, None)
        yield f"delete {name}", ("DELETE", f"/v1/{name}", {}, None)
        yield f"greet {name}", ("GET", f"/v1/people/{name}:greet", {}, None)
        yield f"files {name}", ("GET", f"/v1/files/{name}/x/{name}", {}, None)
        yield f"download {name}", ("GET", f"/v1/download/{name}", {}, None)
    for path in ["/v1/files/", "/v1/files", "/v1/files/a/", "/v1/files//a", "/v1/", "/v1", "/", "/v1/a/", "//v1/a", "/v1/a/b/c/d"]:
        yield f"path {path}", ("GET", path, {}, None)
    for verb, path in itertools.product(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"], ["/v1/a", "/v1/all"]):
        yield f"verb {verb} {path}", (verb, path, JSON, None if verb in ("GET", "HEAD", "OPTIONS", "DELETE") else "{}")
    yield "custom", ("OPTIONS", "/v1/custom/a", {}, None)
    for bits in ["1/color/RED/flag/true", "-1/color/2/flag/false", "x/color/RED/flag/true", "1/color/BLUE/flag/true",
                 "1/color/RED/flag/yes", "2147483648/color/RED/flag/true", "1/color/77/flag/1", "1.0/color/RED/flag/0"]:
        yield f"count {bits}", ("GET", f"/v1/count/{bits}", {}, None)
    yield "nested", ("GET", "/v1/books/a/pages/7", {}, None)
    yield "nested wrong", ("GET", "/v1/books/a/pages/x", {}, None)
    for query in [
        "count=7", "count=-7", "count=x", "count=1.5", "count=", "count=1&count=2", "big=9223372036854775807",
        "big=9223372036854775808", "huge=18446744073709551615", "huge=-1", "flag=true", "flag=false", "flag=TRUE", "flag=2",
        "ratio=1.5", "ratio=NaN", "ratio=-Infinity", "ratio=1e400", "ratio=abc", "small=3.4e38", "data=aGk=", "data=aGk", "data=-_8",
        "data=%21", "color=RED", "color=1", "color=77", "color=PINK", "tags=a&tags=b", "tags=a%26b", "tags=", "tags",
        "numbers=1&numbers=2", "numbers=x", "colors=RED&colors=2", "book.name=x", "book.tags=a&book.tags=b", "book.pages=x",
        "books.name=x", "labels=x", "at=2026-01-02T03:04:05Z", "at=2026-01-02T03:04:05.678%2B02:00", "at=yesterday", "wait=1.5s",
        "wait=1", "text=x", "text=", "long=7", "long=x", "maybeFlag=true", "maybe_flag=true", "mask=a,b.c", "mask=aB",
        "maybe=0", "maybe=", "one=x", "other.name=x", "unknown=1", "book=x", "name=other", "free=x", "a%zz=1", "count=%37",
        "book.unknown=1", "one=x&other.name=y", "&&count=1", "count=1;flag=true", "tags=+", "labels[a]=b", "labels%5Ba%5D=b",
    ]:
        yield f"query {query}", ("GET", f"/v1/a?{query}", {}, None)
    bodies = {
        "empty object": "{}", "nothing": "", "null": "null", "list": "[]", "text": '"x"', "bad": "{", "two": "{}{}", "space": " {} ",
        "names": '{"maybe_flag": true, "maybe": 3}', "camel": '{"maybeFlag": false}', "unknown": '{"nope": [1, {"a": null}]}',
        "text as number": '{"count": "7", "big": "8", "huge": "9"}', "number as text": '{"big": 8, "ratio": "1.5"}',
        "exponent": '{"count": 1e2, "big": 1.0}', "fraction": '{"count": 1.5}', "over": '{"count": 2147483648}',
        "infinity": '{"ratio": "Infinity", "small": "-Infinity"}', "nan": '{"ratio": "NaN"}', "bool": '{"flag": "true"}',
        "bytes": '{"data": "-_8="}', "bad bytes": '{"data": "!"}', "enum": '{"color": "GREEN", "colors": [1, "RED", 9]}',
        "bad enum": '{"color": "PINK"}', "nulls": '{"count": null, "tags": null, "book": null, "text": null, "labels": null}',
        "null in list": '{"tags": [null]}', "maps": '{"labels": {"a": "b", "": ""}, "shelf": {"7": {"name": "x"}}}',
        "bad key": '{"shelf": {"x": {}}}', "twice": '{"count": 1, "count": 2}', "oneof twice": '{"one": "a", "other": {}}',
        "time": '{"at": "2026-01-02T03:04:05.123456789Z", "wait": "-1.5s"}', "bad time": '{"at": "x"}', "bad wait": '{"wait": "1"}',
        "wrappers": '{"text": "", "long": "7", "maybeFlag": false}', "mask": '{"mask": "a.bC,d"}',
        "struct": '{"free": {"a": [1, "x", null, {"b": true}]}}', "escapes": '{"name": "\\u00e9\\ud83d\\ude42\\n\\/"}',
        "surrogate": '{"name": "\\ud800"}', "control": '{"name": "\u0001"}', "book": '{"book": {"name": "x", "tags": ["a"]}}',
        "wrong type": '{"book": 7}', "wrong list": '{"tags": "a"}', "deep": '{"free":' + '{"a":' * 60 + "1" + "}" * 61,
    }
    for name, body in bodies.items():
        yield f"body {name}", ("POST", "/v1/all", JSON, body)
    yield "body and path", ("POST", "/v1/shelves%2F1/all", JSON, '{"name": "other", "count": 3}')
    yield "body and template", ("POST", "/v1/shelves/1:move", JSON, '{"count": 3}')
    yield "body without a type", ("POST", "/v1/all", {}, '{"count": 3}')
    yield "field", ("PUT", "/v1/a/book?count=3&tags=x&book.name=y", JSON, '{"name": "b", "pages": 3}')
    yield "field empty", ("PUT", "/v1/a/book", JSON, "")
    yield "field null", ("PUT", "/v1/a/book", JSON, "null")
    yield "field wrong", ("PUT", "/v1/a/book", JSON, "7")
    yield "response field", ("PATCH", "/v1/shelves/1/books/2?count=1", JSON, '{"name": "b", "pages": 3}')
    yield "upload", ("POST", "/v1/upload/a", {"content-type": "image/png"}, "\x00\x01hi")
    yield "raw", ("POST", "/v1/raw", {"content-type": "application/pdf"}, "hi")
    for code in range(1, 18):
        yield f"fail {code}", ("GET", f"/v1/fail/{code}", {}, None)


def ask(address, request):
    """Status, content type and body: parsed where it is JSON, the status alone of an error."""
    verb, target, headers, body = request
    connection = http.client.HTTPConnection(address, timeout=10)
    body = body.encode("latin-1") if body is not None and "image" in headers.get("content-type", "") else body
    body = body.encode() if isinstance(body, str) else body
    connection.putrequest(verb, target, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("content-length", str(len(body)))
    connection.endheaders(body)
    response = connection.getresponse()
    text = response.read()
    connection.close()
    if response.status >= 300 or verb == "HEAD":
        return [response.status]
    kind = response.getheader("content-type")
    return [response.status, kind, json.loads(text) if kind == "application/json" else text.decode("latin-1")]


def main():
    ours, theirs, known = sys.argv[1:]
    with open(known, encoding="utf-8") as lines:
        known = {line.split("  ")[0] for line in lines if line.strip() and not line.startswith("#")}
    count, wrong, unneeded = 0, [], set(known)
    for name, request in requests():
        count += 1
        answers = [ask(address, request) for address in (ours, theirs)]
        if answers[0] == answers[1]:
            continue
        unneeded.discard(name)
        if name not in known:
            wrong.append(f"{name}: {request}\n  ours   {answers[0]}\n  theirs {answers[1]}")
    for text in wrong:
        print(text)
    unneeded &= known
    for name in sorted(unneeded):
        print(f"{name} is in the list and does not differ")
    print(f"{count} requests, {len(wrong)} differ, {len(known)} in the list")
    sys.exit(bool(wrong or unneeded))


main()
