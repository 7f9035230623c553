enum Color { RED = 1, BLUE = 2 }

struct Inner {
    1: string name
} (vt.assert = "@equal($name, '')")

struct Wrong {
    1: string unknown (vt.min_len = "1")
    2: i32 other_type (vt.prefix = "a")
    3: i8 too_large (vt.gt = "300")
    4: string not_a_number (vt.min_size = "many")
    5: string crossed (vt.min_size = "5", vt.max_size = "3")
    6: list<i32> crossed_inside (vt.elem.gt = "5", vt.elem.lt = "5")
    7: string pattern (vt.pattern = "(a")
    8: string other_field (vt.max_size = "$too_large")
    9: string function (vt.max_size = "@len($unknown)")
    10: Color member (vt.const = "Color.REED")
    11: list<string (vt.min_size = "1")> within
    12: map<string, i32> part (vt.elem.gt = "1")
    13: bool flag (vt.const = "yes")
    14: i32 no_value (vt.gt)
}

struct Expressions {
    1: string open (api.vd = "len($ > 0")
    2: string word (api.vd = "len($) > 0 ~")
    3: i32 text (api.vd = "$ == 'a'")
    4: string function (api.vd = "phone($)")
    5: string other_field (api.vd = "(open)$ != ''")
    6: i32 calculated (api.vd = "$ % 3 == 0")
    7: i32 never (api.vd = "$ > 5 && $ < 3")
    8: string pattern (api.vd = "regexp('(a')")
    9: string message (api.vd = "len($) > 0; msg:sprintf('%v', $)")
    10: i32 number (api.vd = "len($) > 0")
    11: string message_word (api.vd = "len($) > 0; message:'a'")
    12: list<i32> element (api.vd = "$[0] > 1")
    13: string quote (api.vd = "$ != 'a")
    14: string rest (api.vd = "$ != 'a' $")
}

service S {
    void call(1: string argument (vt.min_size = "1"))
}
