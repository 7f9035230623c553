//! A crate of every shape of proto and of comments on everything that can have one: it builds, its
//! tests pass, those in its documentation too, and rustdoc has nothing to say.

use std::fs;
use std::path::Path;

use e2e::made::{kiteline, passes};
use e2e::workspace;

/// Comments that are something else to Markdown, rustdoc or rustc.
const COMMENTS: &[&str] = &[
    "Sums.\n\n    total = a + b\n\nEnd.",
    "    let x = [1;\n      indented from the start",
    "\tA tab.\n\n\t\tTwo tabs: fn main() { panic!() }",
    "Lists:\n\n- one\n\n      code in one\n\n1. two\n\n        code in two\n   * three\n\n          code in three",
    "```\nassert!(false);\n```",
    "```rust\nopened and never closed {",
    "~~~ sh\n```\nrm -rf /\n~~~~\n```compile_fail\nlet",
    "text ```not a fence``` and ``` alone\n```",
    "```should_panic,ignore\nx\n ```\n> ```\n> quoted\n\n- ```\n  listed",
    "<b>bold <script>alert(1)</script> <T> Vec<Option<T>> <!-- open <a href=\"x\"> </div> <br/> &amp; &nosuch;",
    "<details>\n<summary>\n\n<p>\n\n    text in html\n</p>",
    "[HttpRule][google.api.HttpRule] [gone] [`Gone`] [Vec] [crate::gone] [a::b()] [x!] [struct@x] [self] [Self::new]",
    "[shop]: http://a.example \"title\"\n[shop] [a]: b\n[^1] and [^1]: a footnote\n[ ] [x] - [ ] task\n\n- [ ] open\n- [x] done",
    "[words](gone.md) [words](#gone) [a](crate::gone) [b]( http://a.example ) ![image](gone.png) [c]() [](http://a.example)",
    "http://a.example/b(c)?d=e#f, https://b.example. (see https://c.example) <https://d.example> *https://e.example* \
     www.f.example a@g.example <a@h.example> ftp://i.example [https://j.example](https://k.example)",
    "| a | b |\n|---|---|\n| `x | y` | [z] |\n| http://a.example | <i> |\n\n|\n|-\n",
    "# One\n#! [no attribute]\n####### seven\nTwo\n===\nThree\n---\n#[derive(Debug)]\n## ",
    "*/ /* /** nested */ //! inner /// outer // end \\",
    "back\\slash \\\\ \\` \\[ \\< C:\\dir\\new \\u{41} \\x41 \\",
    "r#\"raw\"# \"# \"##### ' '' \" \"\" b\"\\xff\" {} {0} {{ $x $( #x",
    "`one `` two ``` three\n``four\nfive`` `six\n\nseven`",
    "bidi \u{202e}tfel\u{202c} \u{2066}x\u{2069} \u{200f}\u{61c} zero\u{200b}width\u{feff} \u{7}bell \u{85}next \u{2028}line \u{a0}nbsp\u{ad}",
    "> quoted\n>     code\n> > ```\n>> deeper\nlazy",
    "***\n---\n* * *\n_ _ _\n+ + +\n- - -\n: a\n~~struck~~ __bold__ **open *both",
    "word  \nbreak\\\nbreak\n\n\n\n  three\n   four\n     five\n1) x\n1000000000. y\n-z\n+\n*",
    "Größe 大小 \u{1f600} e\u{301} İstanbul ß",
    "cfg(test) #[cfg(nothing)] mod x; use std::*; deny(missing_docs) warn include_str!(\"/etc/passwd\") concat!(",
    "@param [in] x\n@return <code>true</code> {@link Foo#bar}\n%s %d $Revision$ {{ template }} <% erb %>",
    "[a][b\nc] [d](e\nf) [g]: <h\ni> <j\nk> `l\nm` http://\nhttps://[::1]/x http://a.example|b http://a.example\\c",
];

/// `//` before each line, at a column.
fn comment(text: &str, column: usize) -> String {
    let before = " ".repeat(column);
    // In Thrift and proto, a line ends where it ends in files.
    text.split('\n').map(|line| format!("{before}// {line}\n")).collect()
}

/// What may stand in a block comment, which neither ends in the middle nor begins again.
fn block(text: &str) -> String {
    text.replace("*/", "* /").replace("/*", "/ *")
}

fn proto(at: usize, text: &str) -> String {
    let (c, d, e) = (comment(text, 0), comment(text, 2), comment(text, 4));
    let own = block(text);
    format!(
        "{c}syntax = \"proto2\";\n\n{c}package comments.p{at};\n\n\
         {c}message M {{\n{d}  optional string f = 1; // {}\n{d}  oneof kind {{\n{e}    int32 a = 2;\n{e}    M b = 3;\n  }}\n\
         {d}  message N {{\n{e}    repeated N n = 1;\n  }}\n{d}  enum K {{\n{e}    K_ONE = 1;\n  }}\n{d}  map<string, K> m = 4;\n\
         {d}  optional group G = 5 {{\n{e}    required K k = 1;\n  }}\n}}\n\n\
         /*{own}\n*/\nenum E {{\n  /** {own} */\n  E_ONE = 1;\n{d}  E_TWO = 2;\n}}\n\n\
         {c}service S{at} {{\n{d}  rpc Do(M) returns (M.N);\n  /* {own}\n   */\n  rpc More(M) returns (M);\n}}\n{c}",
        text.split('\n').next().unwrap(),
    )
}

fn thrift(at: usize, text: &str) -> String {
    let (c, d) = (comment(text, 0), comment(text, 2));
    let own = block(text);
    let stars: String = own.split('\n').map(|line| format!(" * {line}\n")).collect();
    format!(
        "{c}namespace rs comments.t{at}\n\n\
         {c}struct S {{\n{d}  1: i32 a\n{d}  2: optional S b // {}\n}}\n\n/**\n{stars} */\nunion U {{\n{d}  1: S a\n  /** {own} */\n  2: string b\n}}\n\n\
         {c}exception X {{\n{d}  1: string why\n}}\n\n{c}enum E {{\n{d}  ONE = 1\n{d}  TWO = 2\n}}\n\n\
         {c}const i32 C = 1\n/** {own} */\nconst list<string> L = [\"a\"]\n\n{c}typedef map<string, S> T\n\n\
         {c}service V{at} {{\n{d}  S one(\n{d}    1: i32 a,\n{d}    2: T b\n  ) throws (\n{d}    1: X x\n  )\n/**\n{stars} */\n  oneway void two()\n}}\n{c}",
        text.split('\n').next().unwrap(),
    )
}

/// The paths of files below a folder.
fn below(root: &Path, folder: &Path, paths: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(root, &path, paths);
        } else {
            paths.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
        }
    }
}

#[test]
fn any_comment_and_any_shape_build_test_and_document_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    let shapes = workspace().join("tests/e2e/idl/shapes");
    let mut files = Vec::new();
    below(&shapes, &shapes, &mut files);
    for file in &files {
        let to = folder.path().join(file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(shapes.join(file), to).unwrap();
    }
    // A line longer than anybody's screen, and than many a buffer.
    let long = "word `code` [bracket] <tag> http://a.example/ \\ ".repeat(400);
    for (at, text) in COMMENTS.iter().copied().chain([long.as_str()]).enumerate() {
        for (name, text) in [(format!("p{at}.proto"), proto(at, text)), (format!("t{at}.thrift"), thrift(at, text))] {
            fs::write(folder.path().join(&name), text).unwrap();
            files.push(name);
        }
    }
    files.sort();
    let files = files.iter().map(String::as_str);
    kiteline(folder.path(), &["-I", ".", "-o", "made", "-q"].into_iter().chain(files).collect::<Vec<_>>());
    let made = folder.path().join("made");
    passes(&made, &["build", "--quiet"]);
    passes(&made, &["test", "--quiet"]);
    passes(&made, &["doc", "--quiet", "--no-deps", "--document-private-items"]);
    passes(&made, &["doc", "--quiet", "--no-deps"]);
}
