struct Inner { 1: i32 a }

struct Outer {
    1: map<string, i32> counts
    2: double weight
    3: list<Inner> inners
    4: map<string, i32> sorted (rust.maps = "btree")
    5: set<i32> ids
} (rust.derive = "Eq, ::std::hash::Hash")

struct Small {
    1: i32 a
    2: string b
    3: list<i32> c
} (rust.derive = "Copy")

struct Alone { 1: i32 a } (rust.derive = "Ord")

service S { void f(1: optional i32 a) }
