// Validation rules: `vt.*` and `api.vd`, on every kind of value.
namespace rs rules

enum Color { RED = 1, BLUE = 2 }

struct Address {
    1: required string city (vt.min_size = "1")
    2: optional Address next
}

struct Plain {
    1: i32 number
}

struct Old {
    1: i32 number (deprecated = "use `Plain`", vt.gt = "0")
}

union Choice {
    1: string name (vt.prefix = "n")
    2: Address address
    3: i32 number
}

struct Profile {
    1: string name (vt.min_size = "1", vt.max_rune_size = "4", vt.pattern = "^\\w+$")
    2: i32 age (vt.ge = "0x10", vt.lt = "200")
    3: list<double> ratios (vt.elem.gt = "0.25", vt.elem.le = "1", vt.max_size = "3")
    4: map<string, Address> places (vt.key.suffix = "!", vt.min_size = "1")
    5: Color color (vt.defined_only = "true")
    6: optional Address home (vt.not_nil = "true")
    7: i64 level (vt.in = "1", vt.in = "-2")
    8: list<Address> more
    9: bool agreed (vt.const = "true")
    10: optional string word (vt.in = "a", vt.in = "b")
    11: binary blob (vt.contains = "x", vt.not_contains = "y")
    12: set<string> tags (vt.elem.not_in = "bad")
    13: Address unchecked (vt.skip = "true")
    14: Choice choice
    15: map<Color, list<i8>> lists (vt.value.elem.ge = "3", vt.key.const = "Color.BLUE")
    16: Plain plain
}

// The cases of go-tagexpr's README, and others.
struct Expressions {
    1: string name (api.vd = "len($)>1 && regexp('^\\w*$'); msg:'two characters of a word'")
    2: i32 age (api.vd = "$<0||$>=100")
    3: bool no (api.vd = "!$")
    4: optional i32 adult (api.vd = "$ == nil || $ >= 18")
    5: optional i32 needed (api.vd = "$ >= 18")
    6: string kind (api.vd = "in($, 'a', 'b')")
    7: list<i64> ids (api.vd = "len($) > 0 && len($) <= 2")
    8: double share (api.vd = "($ > 0.5 && !($ >= 0.75)) || -1 == $")
    9: i8 small (api.vd = "$ != 1.5 && $ < 300")
    10: string letters (api.vd = "mblen($) == 2")
    11: optional string text (api.vd = "$ != 'x'")
    12: Color color (api.vd = "in($, 1, 2)")
    13: string any (api.vd = "$")
    14: Plain plain (api.vd = "$ != nil")
    15: optional i32 gone (api.vd = "$ == nil")
}

// References, keys and elements of every kind.
struct Corners {
    1: required i64 & boxed (vt.gt = "0")
    2: optional i64 & maybe (vt.gt = "0", vt.not_nil = "true")
    3: set<double> doubles (vt.elem.gt = "1")
    4: map<double, string> by_double (vt.key.lt = "5", vt.value.min_size = "1")
    5: map<binary, Address> by_bytes (vt.key.min_size = "1")
    6: map<list<i32>, Address> by_list (vt.key.max_size = "2")
    7: map<uuid, i16> by_uuid (vt.value.ge = "1")
    8: map<bool, string> by_bool (vt.key.const = "true")
    9: map<Plain, i32> by_struct (vt.value.lt = "3")
    10: list<map<string, list<Address>>> deep
    11: string type (vt.const = "quote \" and \\ and é")
    12: Reference reference
    13: set<Color> colors (vt.elem.defined_only = "true")
    14: string (rust.strings = "bytes") raw (vt.prefix = "a", vt.min_size = "1", vt.pattern = "^a")
    15: Address out (vt.not_nil = "true")
    16: string it (vt.not_in = "a", vt.not_in = "b", vt.max_rune_size = "1")
}

union Reference {
    1: i32 & number (vt.gt = "1")
    2: Corners corners
}

struct Nothing {}

service Rules {
    Nothing one(1: Profile profile)
    Nothing two(1: Profile profile, 2: i32 number, 3: list<Expressions> expressions)
    Nothing plain(1: Plain plain)
}
