// What other files of the shapes include: another namespace, a base service, a constant.
namespace rs shapes.base

/** A place on a grid. */
struct Spot {
    1: i32 x
    2: i32 y = 1
}

enum Mode { OFF, ON = 5, BOTH }

/** Thrown by the base service. */
exception Refused {
    1: required string reason
}

const Spot ORIGIN = {"x": 0, "y": 0}
const i32 LIMIT = 7

service Base {
    /** Says what it was told. */
    string ping(1: string text) throws (1: Refused refused)
    void reset()
}
