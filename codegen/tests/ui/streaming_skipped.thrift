// kiteline: --skip-streaming=true
service Chat {
    string say(1: string line)
    string talk(1: string line) (streaming.mode = "bidirectional")
    string whisper(1: string line) (streaming.mode = "unary")
}
