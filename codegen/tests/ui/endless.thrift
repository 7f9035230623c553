struct Node {
    1: required Node next
}

struct Egg { 1: required Hen hen }
struct Hen { 1: required Egg egg }

struct Fine { 1: optional Fine next, 2: required list<Fine> all }
