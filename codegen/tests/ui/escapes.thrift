const string PATTERN = "^\d+\.$"
const string FINE = "a\n\"b\" \\ 'c'"
struct S { 1: string a (vd = "\d+") }
