service Chat {
    string talk(1: string line) (streaming.mode = "bidirectional")
    string say(1: string line) (streaming.mode = "unary")
    string watch(1: string line) (streaming.mode = "server")
}
