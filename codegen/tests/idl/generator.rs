//! Random texts that are Thrift by our grammar. Most of what they use, pilota knows too.

use crate::random::Random;

const WORDS: [&str; 16] = [
    "a",
    "bc",
    "Point",
    "user_id",
    "_x",
    "X9",
    "type",
    "list",
    "map",
    "set",
    "struct",
    "string",
    "optionalx",
    "service",
    "I32",
    "then",
];
const BASES: [&str; 11] = ["bool", "byte", "i8", "i16", "i32", "i64", "double", "string", "binary", "uuid", "i32"];
const VALUES: [&str; 14] = [
    "1",
    "-7",
    "+3",
    "0x1F",
    "-0x10",
    "1.5",
    "-.25",
    "2e3",
    "1.5E-7",
    "true",
    "false",
    "Color.RED",
    "base.Color.RED",
    "NAME",
];
const TEXTS: [&str; 8] =
    ["\"\"", "'a'", "\"it's\"", "'say \"x\"'", "\"a\\n\\t\\\\ \\\"\"", "'\\''", "\"ü€\"", "\"// no /* comment\""];

pub(crate) struct Generator {
    random: Random,
    out: String,
    next_id: i64,
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Random::new(seed + 1), out: String::new(), next_id: 0 }
    }

    pub(crate) fn file(mut self) -> String {
        for _ in 0..=self.random.below(5) {
            self.item();
        }
        self.out
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Blanks, at least one.
    fn gap(&mut self) {
        let gap = *self.random.pick(&[" ", " ", " ", "  ", "\t"]);
        self.put(gap);
    }

    fn line(&mut self) {
        let gap =
            *self.random.pick(&["\n", "\n", "\n", "\r\n", " ", "\n\n", "\n// note\n", "\n# note\n", "\n/** doc */\n"]);
        self.put(gap);
    }

    fn word(&mut self) {
        let word = *self.random.pick(&WORDS);
        self.put(word);
    }

    fn path(&mut self) {
        self.word();
        while self.random.one_in(4) {
            self.put(".");
            self.word();
        }
    }

    fn separator(&mut self) {
        let mark = *self.random.pick(&["", ",", ";", "", ","]);
        self.put(mark);
        if self.random.one_in(6) {
            self.put(" // tail\n");
        }
    }

    fn item(&mut self) {
        match self.random.below(10) {
            0 => self.header(),
            1 => self.typedef(),
            2 => self.constant(),
            3 | 4 => self.enumeration(),
            5..=7 => self.structure(),
            _ => self.service(),
        }
        self.line();
    }

    fn header(&mut self) {
        match self.random.below(3) {
            0 => self.put("include \"base.thrift\""),
            1 => self.put("cpp_include 'x.h'"),
            _ => {
                let scope = *self.random.pick(&["rs", "go", "*", "py.twisted"]);
                self.put("namespace ");
                self.put(scope);
                self.gap();
                self.path();
            }
        }
        self.put("\n");
    }

    fn typedef(&mut self) {
        self.put("typedef");
        self.gap();
        self.ty(0);
        self.gap();
        self.word();
        self.annotations();
        self.separator();
    }

    fn constant(&mut self) {
        self.put("const");
        self.gap();
        self.ty(0);
        self.gap();
        self.word();
        self.put(" = ");
        self.value(0);
        self.separator();
    }

    fn ty(&mut self, depth: usize) {
        match self.random.below(if depth > 2 { 6 } else { 10 }) {
            0..=4 => {
                let base = *self.random.pick(&BASES);
                self.put(base);
            }
            5 => self.path(),
            6 | 7 => self.container("list<", depth),
            8 => self.container("set<", depth),
            _ => {
                self.put("map<");
                self.ty(depth + 1);
                self.put(",");
                self.gap();
                self.ty(depth + 1);
                self.put(">");
            }
        }
        if self.random.one_in(20) {
            self.annotations();
        }
    }

    fn container(&mut self, open: &str, depth: usize) {
        self.put(open);
        self.ty(depth + 1);
        self.put(">");
        if open == "list<" && self.random.one_in(10) {
            self.put(" cpp_type \"v\"");
        }
    }

    fn value(&mut self, depth: usize) {
        match self.random.below(if depth > 2 { 8 } else { 10 }) {
            0..=4 => {
                let value = *self.random.pick(&VALUES);
                self.put(value);
            }
            5..=7 => {
                let text = *self.random.pick(&TEXTS);
                self.put(text);
            }
            8 => self.values("[", "]", depth, false),
            _ => self.values("{", "}", depth, true),
        }
    }

    fn values(&mut self, open: &str, close: &str, depth: usize, pairs: bool) {
        self.put(open);
        for _ in 0..self.random.below(4) {
            self.value(depth + 1);
            if pairs {
                self.put(": ");
                self.value(depth + 1);
            }
            let mark = *self.random.pick(&[",", ", ", " ", ";", "\n"]);
            self.put(mark);
        }
        self.put(close);
    }

    fn annotations(&mut self) {
        if !self.random.one_in(4) {
            return;
        }
        self.put(" (");
        for _ in 0..=self.random.below(3) {
            let key = *self.random.pick(&["k", "go.tag", "api.get", "a_b"]);
            self.put(key);
            if !self.random.one_in(30) {
                self.put(" = ");
                let text = *self.random.pick(&TEXTS);
                self.put(text);
            }
            let mark = *self.random.pick(&[",", ", ", " "]);
            self.put(mark);
        }
        self.put(")");
    }

    fn enumeration(&mut self) {
        self.put("enum ");
        self.word();
        self.put(" {");
        for _ in 0..self.random.below(5) {
            self.line();
            self.word();
            if self.random.one_in(2) {
                let number = *self.random.pick(&[" = 1", "=0x10", " = -3"]);
                self.put(number);
            }
            self.annotations();
            self.separator();
        }
        self.line();
        self.put("}");
        self.annotations();
    }

    fn structure(&mut self) {
        let kind = *self.random.pick(&["struct ", "struct ", "union ", "exception "]);
        self.put(kind);
        self.word();
        self.put(" {");
        self.next_id = 0;
        for _ in 0..self.random.below(6) {
            self.line();
            self.field();
        }
        self.line();
        self.put("}");
        self.annotations();
    }

    fn field(&mut self) {
        self.next_id += 1;
        if !self.random.one_in(40) {
            let id = format!("{}:{}", self.next_id, self.random.pick(&["", " "]));
            self.put(&id);
        }
        let word = *self.random.pick(&["", "", "required ", "optional "]);
        self.put(word);
        self.ty(0);
        self.gap();
        self.word();
        if self.random.one_in(4) {
            self.put(" = ");
            self.value(0);
        }
        self.annotations();
        self.separator();
    }

    fn service(&mut self) {
        self.put("service ");
        self.word();
        if self.random.one_in(3) {
            self.put(" extends ");
            self.path();
        }
        self.put(" {");
        for _ in 0..self.random.below(4) {
            self.line();
            self.method();
        }
        self.line();
        self.put("}");
        self.annotations();
    }

    fn method(&mut self) {
        match self.random.below(4) {
            0 => self.put("oneway void"),
            1 => self.put("void"),
            _ => self.ty(0),
        }
        self.gap();
        self.word();
        self.put("(");
        self.fields(0);
        self.put(")");
        if self.random.one_in(3) {
            self.put(" throws (");
            self.fields(1);
            self.put(")");
        }
        self.annotations();
        self.separator();
    }

    fn fields(&mut self, least: usize) {
        self.next_id = 0;
        for _ in 0..least + self.random.below(3) {
            self.field();
            self.gap();
        }
    }
}
