// A default that builds a struct takes the defaults of the fields that it does not give.
namespace rs api

struct Itself {
    1: list<Itself> all = [{}]
}

struct Ended {
    1: list<Ended> all = [{"all": []}]
}

struct One {
    1: map<string, Two> twos = {"a": {}}
    2: i32 plain = 1
}

typedef One Alias

struct Two {
    1: Pick pick = {"one": {"plain": 2}}
}

union Pick {
    1: Alias one
}

struct Held {
    1: Holder holder
}

struct Holder {
    1: list<Held> helds = [{}]
}

struct Direct {
    1: optional Direct direct = {}
}

const Ended ENDED = {}
