struct S {
    i32 a
    5: i32 b
    i32 c
}

service Add {
    i32 add(i32 first, i32 second)
}
