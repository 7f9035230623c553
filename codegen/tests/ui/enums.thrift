enum Color {
    RED = 1
    GREEN
    BLUE = 2
    HUGE = 5000000000
}
