namespace rs shop

struct Order {
    1: i64 id
    1: string item
}

struct Cart {
    1: list<Ordr> orders
}

service Shop {
    oneway i32 drop(1: Order order)
}
