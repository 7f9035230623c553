// What the kitchen sink lacks: keys that are structs, and handlers that tell what they saw.
namespace go interop
namespace rs interop

include "../../vectors/kitex/kitchen_sink.thrift"
include "../../vectors/kitex/sink_base.thrift"

struct Keys {
    1: map<sink_base.Point, string> named
    2: set<sink_base.Point> spots
    3: map<sink_base.Level, set<sink_base.UserId>> levels
    4: optional map<string, sink_base.Point> places
}

/** What a handler saw of its call. */
struct Seen {
    1: map<string, string> transient
    2: map<string, string> persistent
    /** Milliseconds until the deadline; 0 without one. */
    3: i64 remaining
}

service Interop extends kitchen_sink.Sink {
    Keys EchoKeys(1: Keys v)
    /** Sends `back` beside the answer. */
    Seen Look(1: map<string, string> back) (idempotent = "true")
    /** Asks the next service `Look`, as a part of this call. */
    Seen Hop()
    /** Ends early when nobody waits for it any more. */
    void Sleep(1: i64 milliseconds)
}

/** Served by nobody. */
service Strange {
    void Absent()
}
