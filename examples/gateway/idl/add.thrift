namespace go api

struct AddRequest {
    1: required i32 first
    2: required i32 second
}

struct AddResponse {
    1: i32 sum (api.body = "message")
}

service AddService {
    AddResponse Add(AddRequest req) (api.post = "/add")
}
