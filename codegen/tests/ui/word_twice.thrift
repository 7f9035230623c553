struct S {
  1: required optional i32 a
  2: optional i32 b
}
