namespace rs shop

include "one_module_other.thrift"

struct Order { 1: i64 id }
