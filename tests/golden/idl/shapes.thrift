/* Every feature of the grammar that reaches generated code. */
include "base.thrift"
cpp_include "vector"
namespace rs shapes
namespace go ignored
namespace * also_ignored

// --- typedefs

typedef i64 Id
typedef double Real
typedef map<Real, list<base.Spot>> Index
typedef Index IndexAgain
typedef uuid Token
senum Season { "spring", "summer" }

// --- enums

enum Empty {}
/** With gaps. */
enum Grade {
    /** The best. */
    A = 1
    B            // 2
    C = 12
    LOW = -3 (deprecated = "use B")
    mixedCase = 0x10
}

// --- constants

const bool YES = true
const bool NO = 0
const byte TINY = -128
const i8 TINY_TOO = 127
const i16 SMALL = -32768
const i32 HEX = 0x7fff
const i64 BIGGEST = 9223372036854775807
const i64 LEAST = -9223372036854775808
const double PI = 3.14159
const double WHOLE = 2
const double TINY_DOUBLE = 1e-300
const string GREETING = "quote \" back \\ line\n tab\t é"
const string SINGLE = 'it "is"'
const binary RAW = "raw\n"
const uuid TOKEN = "00112233-4455-6677-8899-aabbccddeeff"
const Grade BEST = Grade.A
const Grade BY_NUMBER = 2
const base.Mode FAR = base.Mode.BOTH
const Id AN_ID = 99
const i32 COPIED = base.LIMIT
const list<i32> NONE_AT_ALL = []
const list<list<string>> ROWS = [["a", "b"], [], ["c"]]
const set<Real> REALS = [1.5, -0.0, 3]
const map<string, map<i32, bool>> NESTED = {"a": {1: true}, "b": {}}
const map<Grade, base.Spot> SPOTS = {Grade.A: {"x": 3}, 2: base.ORIGIN}
const base.Spot HERE = {"x": 4, "y": -4}
const Pick PICKED = {"number": 4}
const Deep DEEP = {"spots": [{"x": 1}, {"y": 2}], "picks": [{"text": "t"}], "grade": Grade.B}
const Season WARM = "summer"

// --- structs

struct Nothing {}

struct Scalars {
    1: bool flag
    2: byte tiny
    3: i16 small
    4: i32 medium
    5: i64 large
    6: double real
    7: string text
    8: binary raw
    9: uuid token
    10: Grade grade
    11: Season season
    12: Token alias
}

/**
 * Every default that a field can have.
 *
 * ```rust
 * let not_compiled = [1, 2];
 * ```
 * A list<i32> and a [link] stay as they are.
 */
struct Defaults {
    1: bool flag = true
    2: optional bool off = false
    3: optional bool on = true
    4: i8 tiny = -1
    5: optional i64 large = BIGGEST
    6: double real = 0.1
    7: optional double half = 0.5
    8: string text = GREETING
    9: optional string maybe = "maybe"
    10: optional string blank = ""
    11: binary raw = "\0\n"
    12: optional binary opt_raw = "abc"
    13: uuid token = TOKEN
    14: Grade grade = Grade.LOW
    15: optional Grade unnamed = 77
    16: list<i32> numbers = [1, 2, 3]
    17: optional list<string> words = ["a"]
    18: optional list<string> no_words = []
    19: set<string> tags = ["x", "y"]
    20: map<string, i32> ages = {"ann": 3}
    21: optional map<string, i32> no_ages = {}
    22: base.Spot spot = {"x": 9}
    23: optional base.Spot opt_spot = base.ORIGIN
    24: required i32 must = 5
    25: required string given
    26: double pi = 3.14159
    27: set<double> reals = [0.5]
    28: Season season = "spring"
    29: Pick pick = {"number": 1}
}

/** Keys of every shape. */
struct Keys {
    1: map<double, string> by_double
    2: map<Spot, i32> by_struct
    3: map<list<i32>, i32> by_list
    4: map<set<double>, i32> by_set
    5: map<map<string, i32>, i32> by_map
    6: map<Grade, i32> by_enum
    7: map<bool, i32> by_bool
    8: map<binary, i32> by_binary
    9: map<uuid, i32> by_uuid
    10: set<Pick> picks
    11: set<WithDouble> doubles
    12: map<i8, map<i16, map<i64, double>>> deep
    13: IndexAgain index
    14: set<Hard> hard
}

struct Spot {
    1: required i16 row
    2: optional i16 column
    3: string name = "spot"
}

struct WithDouble {
    1: double value = 0.25
    2: optional list<double> more
    3: map<string, set<double>> sets
}

/** A key that holds containers. */
struct Hard {
    1: map<string, Spot> spots
    2: set<i32> numbers = [1]
    3: optional Pick pick
}

// --- recursion

struct Node {
    1: i32 value
    2: Node next
    3: optional Node other
    4: list<Node> children
    5: map<string, Node> named
}

struct Left { 1: optional Right right 2: i32 n }
struct Right { 1: Left left 2: required Pick pick }

struct Chain {
    1: required Link link
}
union Link {
    1: Chain more
    2: i32 end
}

/** Required fields among others. */
struct Needs {
    2: required string text
    1: required i32 number
    3: optional i32 maybe
    4: i32 plain
    63: required list<i32> last
}

/** Required fields that have required fields. */
struct Needing {
    1: required i32 before
    2: required Needs needs
    3: required list<Needs> more
    4: required i32 after
}

/** Ids that are too high for a set of those that came. */
struct Far {
    64: required i32 number
    0: required string text
}

struct References {
    1: Nothing & by_default
    2: optional Scalars& maybe
    3: required base.Spot & always
}

// --- unions

union Pick {
    1: i32 number
    2: string text
    3: list<i16> numbers
    4: Nothing nothing
    5: base.Spot spot
    6: double real
    7: string unknown
}

union Tree {
    1: i64 leaf
    2: Fork fork
    3: Tree only
    4: list<Tree> many
}
struct Fork { 1: required Tree left 2: Tree right }
union Void {}

struct Picks {
    1: required Pick must
    2: optional Pick maybe
    3: Pick plain
    4: list<Pick> list
    5: map<string, Pick> named
}

struct Deep {
    1: list<base.Spot> spots
    2: list<Pick> picks
    3: Grade grade
    4: list<map<string, set<list<i32>>>> bottom
}

// --- exceptions

exception Missing {
    1: string what
    2: optional list<string> near
}
exception Denied {
    1: required i32 code
    2: Missing because
}

// --- ids of every size, and none

struct Ids {
    32767: string top
    1: i32 one
    -5: i32 negative
    i32 implied
    300: optional bool flag
}

// --- services

/** Does [all] of it. */
service Everything extends base.Base {
    Scalars echo(1: Scalars value)
    Pick pick(1: Pick pick)
    Pick choose(1: required Pick pick, 2: optional i32 times, 3: string text = "default")
    void nothing()
    /** Gone after the call. */
    oneway void fire(1: string key, 2: i32 n)
    i32 many(1: i32 a, 2: i32 b, 3: i32 c, 4: string d, 5: list<string> e, 6: base.Spot f, 7: Hard g)
    i32 risky(1: string kind) throws (1: Missing missing, 2: base.Refused refused, 3: Missing other)
    void riskyVoid(1: string kind) throws (1: Denied denied)
    Tree grow(1: Tree tree, 2: Node node)
    list<map<string, set<list<i32>>>> deep(1: list<map<string, set<list<i32>>>> bottom)
    uuid token(1: Token token)
    Season season(1: Season season) (rust.idempotent = "false")
    Grade grade(1: Grade grade = Grade.A) (rust.idempotent)
    double real(1: Real real) (idempotent)
    string search(1: string text, 2: i32 limit = 10, 3: Grade grade = Grade.B, 4: Id id = AN_ID, 5: double real = 3.14,
        6: list<string> words = ["w"], 7: base.Spot spot = base.ORIGIN, 8: Pick pick = {"number": 1})
    i32 old(1: i32 a) (deprecated = "call `real`")
}

/** Without a method. */
service Idle {}
/** Without a method of its own. */
service More extends Everything {}
service MoreService extends More {
    void extra() throws (1: Missing Other)
}
