include "unknown_type_base.thrift"

struct Point { 1: i32 x }

struct Line {
    1: Piont start
    2: unknown_type_base.Colour color
    3: int32 width
    4: float slope
    5: Whatever else
    6: map<string, list<Pont>> more
}

service Draw {
    Linee draw(1: Lin line) throws (1: Oops oops)
}
