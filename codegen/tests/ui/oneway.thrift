exception Gone { 1: string why }

service Log {
    oneway i32 write(1: string line)
    oneway void flush() throws (1: Gone gone)
}
