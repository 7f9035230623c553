// Command go-zero is a server and a client of go-zero's zrpc: serve ETCD SERVICE LISTEN TTL, or call ETCD SERVICE.
package main

import (
	"log"
	"os"
	"strconv"
	"strings"

	"github.com/zeromicro/go-zero/core/conf"
	"github.com/zeromicro/go-zero/core/discov"
	"github.com/zeromicro/go-zero/zrpc"
	"google.golang.org/grpc"

	"interop/greeter"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	if os.Args[1] == "serve" {
		serve(os.Args[2], os.Args[3], os.Args[4], must(strconv.Atoi(os.Args[5])))
	} else {
		call(os.Args[2], os.Args[3])
	}
}

func serve(etcd, service, address string, ttl int) {
	discov.TimeToLive = int64(ttl)
	var config zrpc.RpcServerConf
	if err := conf.FillDefault(&config); err != nil {
		log.Fatal(err)
	}
	config.ListenOn = address
	config.Etcd = discov.EtcdConf{Hosts: []string{etcd}, Key: service}
	register := func(server *grpc.Server) { server.RegisterService(&greeter.Desc, greeter.At(address)) }
	// Ends by itself at SIGTERM.
	must(zrpc.NewServer(config, register)).Start()
}

// call calls many at once: of two servers go-zero takes the one with less to do.
func call(etcd, service string) {
	var config zrpc.RpcClientConf
	if err := conf.FillDefault(&config); err != nil {
		log.Fatal(err)
	}
	// Its configuration lists the hosts of etcd; several are the ":authority" of every call.
	config.Etcd = discov.EtcdConf{Hosts: strings.Split(etcd, ","), Key: service}
	client := must(zrpc.NewClient(config))
	for range 7 {
		go greeter.Call(greeter.Over(client.Conn()))
	}
	greeter.Call(greeter.Over(client.Conn()))
}
