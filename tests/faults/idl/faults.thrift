namespace rs faults

/** Every shape that hostile bytes aim at. */
struct Item {
    1: string name
    2: i64 number
    3: list<Item> children
    4: map<string, i64> counts
    5: binary blob
    6: set<i32> unique
    7: list<string> words
    8: map<string, Item> by_name
    9: optional Item next
    10: list<bool> flags
}

/** What a server says of itself. */
struct Gauges {
    1: i64 in_flight
    2: i64 in_flight_bytes
    3: i64 connections
    4: i64 panics
    5: i64 shed
    6: i64 write_timeouts
    7: i64 stalled
    8: i64 routed
}

/** The service that is attacked. */
service Target {
    /** The argument, as it was understood. */
    Item Echo(1: Item item)
    /** The argument, at once. */
    i64 Number(1: i64 number)
    /** The argument, at once; asking twice does no harm. */
    i64 Lookup(1: i64 number) (idempotent = "true")
    /** As many zero bytes. */
    binary Blob(1: i32 size)
    /** The argument, after that many milliseconds. */
    i64 Slow(1: i64 milliseconds)
    /** The item, as it was understood, after that many milliseconds. */
    Item Keep(1: Item item, 2: i64 milliseconds)
    /** Panics for every tenth number. */
    i64 Flaky(1: i64 number)
    /** Panics when its future is dropped, after that many milliseconds or earlier. */
    void Bomb(1: i64 milliseconds)
    /** Calls itself that many times, then waits ten seconds. */
    i64 Hop(1: i32 left)
    /** What the server counts. */
    Gauges Gauges()
}
