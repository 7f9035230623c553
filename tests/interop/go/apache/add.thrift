// The messages of idl/add.thrift. Apache's compiler gives an argument without an id -1, so it is stated.
namespace go api

struct AddRequest {
    1: i32 first
    2: i32 second
}

struct AddResponse {
    1: i32 sum
}

service AddService {
    AddResponse Add(1: AddRequest req)
}
