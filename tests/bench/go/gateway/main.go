// Command gateway is a gateway of Hertz to Bench.Echo, on a port that the kernel chooses, which it prints: gateway ADDRESS framed|mux.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/app/server"
	"github.com/cloudwego/hertz/pkg/common/hlog"
	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/transport"

	"bench/kitex_gen/bench"
	service "bench/kitex_gen/bench/bench"
)

type text struct {
	Text string `json:"text"`
}

func main() {
	hlog.SetLevel(hlog.LevelFatal)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	options := []client.Option{client.WithHostPorts(os.Args[1]), client.WithTransportProtocol(transport.TTHeader)}
	if os.Args[2] == "mux" {
		options = append(options, client.WithMuxConnection(2))
	}
	calls := service.MustNewClient("bench", options...)
	gateway := server.New(server.WithHostPorts(address))
	gateway.POST("/echo", func(ctx context.Context, request *app.RequestContext) {
		var asked text
		if err := request.BindAndValidate(&asked); err != nil {
			request.JSON(400, map[string]string{"message": err.Error()})
			return
		}
		answer, err := calls.Echo(ctx, &bench.Message{Text: asked.Text})
		if err != nil {
			request.JSON(500, map[string]string{"message": err.Error()})
			return
		}
		request.JSON(200, text{Text: answer.Text})
	})
	fmt.Println(address)
	gateway.Spin()
}
