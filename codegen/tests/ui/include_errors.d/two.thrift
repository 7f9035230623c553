struct Two { i32 2 }
