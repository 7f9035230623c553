struct S { 1: i32 a }
/* never closed
struct T { 1: i32 a }
