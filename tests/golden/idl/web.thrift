namespace rs web

// Requests whose fields stand all over a request of HTTP.
struct Page {
    1: optional i32 size (api.query = "page_size"),
    2: optional string token (api.header = "X-Token"),
}

struct FindRequest {
    1: required i64 id (api.path = "user_id"),
    2: optional list<string> tags (api.query = "tag", api.header = "X-Tags"),
    3: optional string session (api.cookie = "sid"),
    4: optional Page page,
    5: optional string secret (api.none = "true"),
    6: optional string name (api.form = "name", go.tag = 'json:"name"'),
}

struct UploadRequest {
    1: string path,
    2: binary content (api.raw_body = ""),
}

struct Found {
    1: list<string> names (api.body = "found"),
}

service Web {
    Found Find(1: FindRequest req) (api.get = "/users/:user_id", api.post = "/users/:user_id/find"),
    void Upload(1: UploadRequest req) (api.put = "/files/*path"),
    Found All() (api.any = "/all"),
    Found Kept(1: i32 a, 2: i32 b),
}
