struct First {
  1: i32 a

struct Second {
  1: i32 b
}

service S {
  void F(1: i32 a
  void G()
  i32 H(1: i32 a
}

enum Color {
  RED
