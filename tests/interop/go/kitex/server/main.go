// Command server answers AddService as Kitex does: server ETCD LISTEN.
package main

import (
	"context"
	"log"
	"net"
	"os"

	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/server"
	etcd "github.com/kitex-contrib/registry-etcd"

	"interop/kitex_gen/api"
	"interop/kitex_gen/api/addservice"
)

type add struct{}

func (*add) Add(_ context.Context, req *api.AddRequest) (*api.AddResponse, error) {
	return &api.AddResponse{Sum: req.First + req.Second}, nil
}

func main() {
	registry, err := etcd.NewEtcdRegistry([]string{os.Args[1]})
	if err != nil {
		log.Fatal(err)
	}
	address, err := net.ResolveTCPAddr("tcp", os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	info := &rpcinfo.EndpointBasicInfo{ServiceName: "add"}
	served := addservice.NewServer(&add{}, server.WithServiceAddr(address), server.WithRegistry(registry),
		server.WithServerBasicInfo(info))
	if err := served.Run(); err != nil {
		log.Fatal(err)
	}
}
