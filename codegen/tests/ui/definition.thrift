strcut Point {
  1: i32 x
}
sevice S {
  void F()
}
hello world
} {
struct Fine { 1: i32 a }
5: i32 a
