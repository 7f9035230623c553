module interop

go 1.26

require github.com/apache/thrift v0.22.0
