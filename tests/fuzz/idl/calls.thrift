namespace rs calls

struct Point {
    1: required i32 x (api.body = "left")
    2: optional i64 y (go.tag = "json:\"top,omitempty\"")
}

union Pick {
    1: string name
    2: Point point
}

struct Hard {
    1: required Pick pick
    2: list<Pick> more
}

exception Missing {
    1: string what
}

service Calls {
    Point whole(1: Point point)
    i32 add(1: i32 a, 2: i32 b = 5)
    Pick pick(1: Pick pick)
    Hard hard(1: Hard hard)
    void nothing()
    i32 risky(1: string kind) throws (1: Missing missing)
}
