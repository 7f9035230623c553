include "c.thrift"
