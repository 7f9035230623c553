// Command client finds AddService in etcd and calls it: client ETCD TRANSPORT.
package main

import (
	"context"
	"fmt"
	"log"
	"math"
	"os"
	"time"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/transport"
	etcd "github.com/kitex-contrib/registry-etcd"

	"interop/kitex_gen/api"
	"interop/kitex_gen/api/addservice"
)

// options of a transport; the default is Framed, and TTHeader adds to what is there.
func options(name string) []client.Option {
	switch name {
	case "framed":
		return []client.Option{client.WithTransportProtocol(transport.Framed)}
	case "buffered":
		return []client.Option{client.WithTransportProtocol(transport.PurePayload)}
	case "ttheader":
		return []client.Option{client.WithTransportProtocol(transport.PurePayload), client.WithTransportProtocol(transport.TTHeader)}
	case "ttheader_framed":
		return []client.Option{client.WithTransportProtocol(transport.TTHeaderFramed)}
	case "mux":
		return []client.Option{client.WithMuxConnection(2)}
	}
	return nil
}

func main() {
	resolver, err := etcd.NewEtcdResolver([]string{os.Args[1]})
	if err != nil {
		log.Fatal(err)
	}
	all := append(options(os.Args[2]), client.WithResolver(resolver), client.WithRPCTimeout(10*time.Second))
	add, err := addservice.NewClient("add", all...)
	if err != nil {
		log.Fatal(err)
	}
	for first := int32(0); first < 3; first++ {
		answer, err := add.Add(context.Background(), &api.AddRequest{First: first, Second: 2})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(answer.Sum)
	}
	_, err = add.Add(context.Background(), &api.AddRequest{First: math.MaxInt32, Second: 2})
	fmt.Println(err)
}
