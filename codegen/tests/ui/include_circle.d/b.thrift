include "c.thrift"
include "a.thrift"
