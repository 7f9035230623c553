include "one.thrift"
include "two.thrift"
struct S { 1: }
