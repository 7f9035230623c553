struct Why { 1: string text }

exception Gone { 1: string text }

service Users {
    void find() throws (1: Why why, 2: Gone gone, 3: string text)
}
