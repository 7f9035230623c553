include "../ui"
