include "types/user.thrift"

namespace rs user

/** Nobody has this id. */
exception NotFound {
    1: required i64 id
}

/** Knows users. */
service UserService {
    /** Finds a user by id. */
    user.User Find(1: i64 id) throws (1: NotFound missing)
}
