include "nowhere.thrift"
include "sub/there_not.thrift"
struct S { 1: i32 a }
struct T { 1: i32 }
