struct S {
  1: i32 a (k = v)
  2: i32 b (k "v")
  3: i32 c (= "v")
  4: i32 d (k = "v"
  5: i32 e (deprecated)
} (s = 1)
struct T {}
