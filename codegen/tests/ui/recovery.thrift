struct S {
  1: i32 a (k = v,
     k2 = "x")
  2: i32
  3: i32 b )
  4: map<string,
  5: i32 c = {1: }, 6: i32
  7: i32 fine
}
typedef i32
const i32 A = 3
service X extends {
  void F()
}
service Y {
  void F(1: i32, 2: string) throws (1: E)
  void G() throws 1: E e
  void H(1: i32 a) (k = )
}
union
exception E { 1: string why }
const map<string, i32> M = {"a": 1, "b" 2}
const list<i32> L = [1, 2
