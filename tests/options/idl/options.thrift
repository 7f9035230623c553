namespace rs options

enum Level {
    LOW = 1
    HIGH = 2
}

struct Plain {
    string first
    7: i32 second
    bool third
}

struct Counted {
    string first
    7: i32 second
    bool third
} (rust.ids = "kitex")

struct Maps {
    1: map<string, i64> counts
    2: set<i32> ids
    3: list<map<i32, set<string>>> deep
}

struct Loose {
    1: map<string, i64> counts
    2: set<i32> ids
} (rust.maps = "hash", rust.derive = "")

struct Mixed {
    1: map<string, i64> counts
    2: map<string, i64> fast (rust.maps = "hash")
    3: map<string, i64> (rust.maps = "hash") faster
} (rust.derive = "")

struct Point {
    1: i32 x
    2: i32 y
} (rust.derive = "Eq, Hash, Copy")

union Choice {
    1: string name
    2: Point point
}

struct All {
    1: string type
    2: optional i32 camelCase
    3: binary data
    4: Level level = Level.HIGH
    5: list<Choice> choices
    6: map<i32, Point> points
    7: required i64 id
    8: optional All next
}

struct Silent {
    1: i32 a
} (rust.serde = "false")

service Options {
    i32 add(i32 a, i32 b)
}

service Other {
    i32 add(i32 a, i32 b) (rust.ids = "kitex")
}

// What peers put into strings need not be UTF-8.
struct Raw {
    1: string text = "a"
    2: list<string> parts
    3: map<string, string> named
    4: string checked (rust.strings = "text")
    5: optional string maybe
} (rust.strings = "bytes")

struct Half {
    1: string (rust.strings = "bytes") raw
    2: string text
}

service Talks {
    string say(1: string line)
    string talk(1: string line) (streaming.mode = "client")
}
