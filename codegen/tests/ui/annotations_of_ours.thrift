enum E { A = 1 (rust.maps = "btree") }
struct S {
  1: map<i32, i32> (rust.maps = "tree") a
  2: i32 b (rust.serde = "true")
  3: string c
} (rust.derives = "Hash", rust.derive = "a b", rust.serde, rust.ids = "apache")
struct T {
  string a
  string b
} (rust.ids = "apache")
service V { void f(map<i32, i32> a (rust.maps = "btree")) (rust.derive = "Hash") } (rust.ids = "kitex")
service W {
  void g() (rust.idempotent = "yes")
  void h() (rust.idempotent)
} (rust.idempotent)
