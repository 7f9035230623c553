// Command client calls AddService with Apache's library in every way: client ADDRESS. Unlike
// Python's, this library compares the name in an answer.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/apache/thrift/lib/go/thrift"

	"interop/gen/api"
)

var config = &thrift.TConfiguration{}

func call(protocols thrift.TProtocolFactory, transports thrift.TTransportFactory, service string) error {
	transport, err := transports.GetTransport(thrift.NewTSocketConf(os.Args[1], config))
	if err != nil {
		return err
	}
	if err := transport.Open(); err != nil {
		return err
	}
	defer transport.Close()
	read := protocols.GetProtocol(transport)
	write := read
	if service != "" {
		write = thrift.NewTMultiplexedProtocol(read, service)
	}
	add := api.NewAddServiceClient(thrift.NewTStandardClient(read, write))
	for second := int32(0); second < 3; second++ {
		answer, err := add.Add(context.Background(), &api.AddRequest{First: 40, Second: second})
		if err != nil {
			return err
		}
		if answer.Sum != 40+second {
			return fmt.Errorf("the sum is %d", answer.Sum)
		}
	}
	return nil
}

func main() {
	protocols := map[string]thrift.TProtocolFactory{
		"binary":  thrift.NewTBinaryProtocolFactoryConf(config),
		"compact": thrift.NewTCompactProtocolFactoryConf(config),
	}
	plain := thrift.NewTBufferedTransportFactory(8192)
	transports := map[string]thrift.TTransportFactory{
		"buffered": plain,
		"framed":   thrift.NewTFramedTransportFactoryConf(plain, config),
	}
	for protocol, protocols := range protocols {
		for transport, transports := range transports {
			for _, service := range []string{"", "AddService"} {
				if err := call(protocols, transports, service); err != nil {
					log.Fatalf("%s %s %q: %v", protocol, transport, service, err)
				}
			}
			var refused thrift.TApplicationException
			err := call(protocols, transports, "Nobody")
			if exception, is := err.(thrift.TApplicationException); is {
				refused = exception
			} else {
				log.Fatalf("%s %s: %v", protocol, transport, err)
			}
			fmt.Println("called", protocol, transport, refused.TypeId(), refused)
		}
	}
}
