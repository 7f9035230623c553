struct Gëld {
  1: i32 a $ b
  2: i32 ok
  3: i32 größe
}
@deprecated
struct S { 1: i32 a ! }
