// Command kratosweb answers the routes of web.proto by Kratos, on a port that the kernel chooses, which it prints.
package main

import (
	"context"
	"fmt"
	"log"
	"net"

	kratoslog "github.com/go-kratos/kratos/v2/log"
	"github.com/go-kratos/kratos/v2/middleware/recovery"
	"github.com/go-kratos/kratos/v2/transport/http"
	"google.golang.org/protobuf/proto"

	"kratosweb/web"
)

// handles answers a method with what was asked, in the steps that Kratos' own generator writes.
func handles[T any, Message interface {
	*T
	proto.Message
}](operation string, hasBody bool) http.HandlerFunc {
	return func(ctx http.Context) error {
		request := Message(new(T))
		if hasBody {
			if err := ctx.Bind(request); err != nil {
				return err
			}
		}
		if err := ctx.BindQuery(request); err != nil {
			return err
		}
		if err := ctx.BindVars(request); err != nil {
			return err
		}
		http.SetOperation(ctx, operation)
		around := ctx.Middleware(func(_ context.Context, request any) (any, error) { return request, nil })
		answer, err := around(ctx, request)
		if err != nil {
			return err
		}
		return ctx.Result(200, answer)
	}
}

func main() {
	kratoslog.SetLogger(kratoslog.NewFilter(kratoslog.DefaultLogger, kratoslog.FilterLevel(kratoslog.LevelFatal)))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := http.NewServer(http.Listener(listener), http.Middleware(recovery.Recovery()))
	routes := server.Route("/")
	routes.POST("/v1/say", handles[web.Text]("/web.Web/Say", true))
	routes.GET("/v1/people/{id}", handles[web.Asked]("/web.Web/Ask", false))
	routes.POST("/v1/records", handles[web.Records]("/web.Web/Each", true))
	fmt.Println(listener.Addr())
	log.Fatal(server.Start(context.Background()))
}
