struct S {
  1: void a
  2: list<void> b
}
typedef void Nothing
service X {
  void F(1: void a)
}
