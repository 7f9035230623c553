// Command server answers Bench.Echo on a port that the kernel chooses, and prints it: server framed|mux.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"

	"github.com/cloudwego/kitex/pkg/klog"
	"github.com/cloudwego/kitex/server"

	"bench/kitex_gen/bench"
	service "bench/kitex_gen/bench/bench"
)

type echo struct{}

func (*echo) Echo(_ context.Context, req *bench.Message) (*bench.Message, error) { return req, nil }

func main() {
	klog.SetOutput(os.Stderr)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	address := listener.Addr().(*net.TCPAddr)
	listener.Close()
	options := []server.Option{server.WithServiceAddr(address)}
	if os.Args[1] == "mux" {
		options = append(options, server.WithMuxTransport())
	}
	fmt.Println(address)
	log.Fatal(service.NewServer(&echo{}, options...).Run())
}
