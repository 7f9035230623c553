include "base.thrift
const string A = 'never closed
struct S { 1: string a = "fine" }
