service Chat {
    string talk(1: string line) (streaming.mode = "bidirectional")
}
