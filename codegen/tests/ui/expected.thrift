namespace rs

struct Missing {
  1: i32
  2: string name
  3: map<string i32> counts
  4: list<i64 ids,
  5: i32 fine
}

struct {
  1: i32 a
}

enum Color {
  RED = ,
  GREEN = 1.5
  BLUE
}

service S {
  i32 (1: i32 a)
  void Fine(1: i32 a)
  void Bad(1 i32 a, 2: i32 b)
  oneway Broken
}

typedef i32
const i32 = 3
const i32 X 4
const list<i32> L = [1, 2
