namespace rs user.types

/** A person with an account. */
struct User {
    1: i64 id
    2: string name
    3: optional string mail
}
