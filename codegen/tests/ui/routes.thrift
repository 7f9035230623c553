struct Inner { 1: i32 size (api.query = "size"), 2: map<string, i32> map (api.header = "X-Map") }
struct Request {
    1: i64 id (api.path = "id"),
    2: list<string> tags (api.query = "tag"),
    3: Inner inner,
    4: string name,
    6: i32 number (api.raw_body = ""),
    7: list<i32> numbers,
}
struct Other { 1: string gone (api.path = "gone") }
struct Answer {
    1: string name (api.body = "called"),
    2: string header (api.header = "X-Name"),
    3: string other (api.quary = "q", api.vd = "len($) > 0", go.tag = 'json:"x"'),
    4: i64 count (api.js_conv = ""),
}
enum Color { RED = 1 (api.query = "red") } (api.get = "/color")
service Web {
    Answer Fine(1: Request req) (api.get = "/fine/:id/:name", api.get = "/fine/*id"),
    Answer Gone(1: Other req) (api.get = "/gone"),
    Answer Lost(1: Request req) (api.post = "/lost/:idd"),
    Answer Kind(1: Request req) (api.post = "/kind/:numbers"),
    Answer Form(1: Request req) (api.post = "/f orm", api.put = "/a//b", api.patch = "/a/b:c", api.head = "/*rest/x", api.delete),
    Answer Same(1: Request req) (api.get = "/fine/:name/:id"),
    Answer Many(1: Request req, 2: i32 more) (api.any = "/many"),
    Answer Plain(1: i32 id) (api.options = "/plain/:id"),
    Answer None() (api.get = "/none/:id"),
    Answer Idle(1: Request req) (api.serializer = "json", api.query = "x", api.geet = "/x"),
    Answer Args(1: Request req (api.query = "req")),
}
