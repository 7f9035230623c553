/* Names that mean something to Rust, to its prelude or to generated code. */
namespace rs names

struct type {
    1: i32 fn
    2: string match
    3: bool self
    4: i32 crate
    5: i32 async
    6: i32 gen
    7: i32 input
    8: i32 field
    9: i32 value
    10: i32 out
    11: i32 size
    12: string camelCase
    13: string HTTPCode
    14: i32 _hidden
    15: i32 try
    16: optional i32 some
}
struct Option { 1: optional i32 a }
struct String { 1: optional string a = "s" }
struct Vec { 1: list<Option> items }
struct Box { 1: Box inner 2: Result result }
struct Result { 1: bool ok }
enum Some { Ok, None, Err, Default }
struct Default { 1: Some some = Some.None }
struct H { 1: i32 h }
struct snake_case_struct { 1: i32 a }
struct URL { 1: string url }
struct Future { 1: i32 f }
union Send { 1: bool Sync 2: i64 From }


service Names {
    H letter(1: H h)
    i32 type(1: i32 cx, 2: i32 call, 3: i32 handler, 4: i32 input, 5: i32 field, 6: i32 body, 7: i32 self)
    i32 new()
    i32 channel()
    i32 clone()
    string next(1: string result, 2: string reply, 3: string limits)
    Option from_x(1: Option Some)
    bool eq(1: i32 other)
    void self()
    void await() throws (1: Clash clash)
}

exception Clash { 1: string Display, 2: string Debug, 3: string Error, 4: string Clone, 5: string Drop, 6: string Hash }
