// Command sinkclient finds Interop in etcd and calls it: sinkclient ETCD SERVICE TRANSPORT WHAT.
// It prints what its callers are given, one line of JSON a call.
package main

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/transport"
	etcd "github.com/kitex-contrib/registry-etcd"

	"interop/kitex_gen/interop/interop"
	"interop/kitex_gen/interop/strange"
)

var work = map[string]func(interop.Client, strange.Client){
	"values": values, "outcomes": outcomes, "metadata": metadata, "timeouts": timeouts, "hurried": hurried, "load": load,
}

// options of a transport; TTHeader adds to what is there.
func options(name string) []client.Option {
	header := client.WithMetaHandler(transmeta.ClientTTHeaderHandler)
	switch name {
	case "framed":
		return []client.Option{client.WithTransportProtocol(transport.Framed)}
	case "buffered":
		return []client.Option{client.WithTransportProtocol(transport.PurePayload)}
	case "ttheader":
		pure := client.WithTransportProtocol(transport.PurePayload)
		return []client.Option{pure, client.WithTransportProtocol(transport.TTHeader), header}
	case "ttheader_framed":
		return []client.Option{client.WithTransportProtocol(transport.TTHeaderFramed), header}
	case "mux":
		return []client.Option{client.WithMuxConnection(2), header}
	}
	log.Fatalf("no transport is named %s", name)
	return nil
}

var background = context.Background()

func main() {
	resolver, err := etcd.NewEtcdResolver([]string{os.Args[1]})
	if err != nil {
		log.Fatal(err)
	}
	all := append(options(os.Args[3]), client.WithResolver(resolver), client.WithRPCTimeout(10*time.Second))
	known := interop.MustNewClient(os.Args[2], append(all, client.WithMiddleware(tell))...)
	work[os.Args[4]](known, strange.MustNewClient(os.Args[2], all...))
}
