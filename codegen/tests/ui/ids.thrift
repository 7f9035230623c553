struct S {
    1: i32 a
    2: i32 b
    2: i32 c
    40000: i32 d
    -1: i32 e
    0: i32 f
}

service Add {
    i32 add(1: i32 first, 1: i32 second)
}
