struct User {
    1: string name
    2: i32 name
}

exception Gone { 1: string why }

service Users {
    void find(1: i32 id, 2: i64 id) throws (1: Gone gone, 2: Gone gone)
    void find()
}

enum Color { RED, GREEN, RED }
