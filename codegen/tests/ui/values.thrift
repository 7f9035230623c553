enum Color { RED, GREEN }

struct Point { 1: required i32 x, 2: i32 y }

const i8 BIG = 300
const i32 TEXT = "one"
const string NUMBER = 1
const list<i32> LIST = {"a": 1}
const Color NAKED = RED
const Color OTHER = Color.BLUE
const Color COLOR = Colr.RED
const i32 LIMT = LIMIT
const i32 LIMITS = 5
const i32 COPY = LIMITZ
const i32 POINT = Point
const Point START = {"z": 1}
const bool YES = 2
const uuid ID = "not-a-uuid"

struct Defaults {
    1: i16 port = 70000
    2: bool on = "yes"
    3: list<string> names = ["a", 2]
}
service Defaulted {
    void fits(1: i8 a = 1, 2: Color color = Color.RED)
    void call(1: i8 a = 300, 2: string b = 1, 3: i32 c = NOWHERE, 4: list<i32> d = ["x"])
}
