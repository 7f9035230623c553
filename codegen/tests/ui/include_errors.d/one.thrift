struct One { 1: i32 }
struct Two { 1: i32 a }
