namespace rs bench
namespace go bench

enum Level { LOW = 1, MIDDLE = 2, HIGH = 3 }

struct Point {
    1: i32 x
    2: i32 y
    3: string label
}

/** Twenty fields, 728 bytes as the programs fill it. */
struct Record {
    1: bool active
    2: i8 kind
    3: i16 port
    4: i32 count
    5: i32 limit
    6: i64 id
    7: i64 created
    8: i64 changed
    9: double score
    10: double weight
    11: string name
    12: string owner
    13: string path
    14: string title
    15: optional string comment
    16: string body
    17: Level level
    18: list<i32> numbers
    19: map<string, i64> counters
    20: Point place
}

/** Ten fields, seven of them required. */
struct Strict {
    1: required bool active
    2: required i32 count
    3: optional i64 id
    4: required double score
    5: required string name
    6: optional string comment
    7: required Level level
    8: required list<i32> numbers
    9: optional i16 port
    10: required Point place
}

struct Records {
    1: list<Record> records
}

struct Points {
    1: list<Point> points
}

struct Message {
    1: string text
}

service Bench {
    Message Echo(1: Message req) (api.post = "/echo")
}
