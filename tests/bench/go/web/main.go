// Command web answers the routes of web.proto by Hertz, on a port that the kernel chooses, which it prints.
package main

import (
	"context"
	"fmt"
	"log"
	"net"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/app/server"
	"github.com/cloudwego/hertz/pkg/common/hlog"
)

type text struct {
	Text string `json:"text"`
}

type asked struct {
	ID   string `path:"id" json:"id"`
	Page int32  `query:"page" json:"page"`
}

type record struct {
	Name   string   `json:"name"`
	ID     int64    `json:"id"`
	Score  float64  `json:"score"`
	Active bool     `json:"active"`
	Tags   []string `json:"tags"`
	City   string   `json:"city"`
}

type records struct {
	Records []record `json:"records"`
}

// echo answers with what was asked.
func echo[T any](_ context.Context, request *app.RequestContext) {
	var message T
	if err := request.BindAndValidate(&message); err != nil {
		request.JSON(400, map[string]string{"message": err.Error()})
		return
	}
	request.JSON(200, message)
}

func main() {
	hlog.SetLevel(hlog.LevelFatal)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	routes := server.New(server.WithHostPorts(address))
	routes.POST("/v1/say", echo[text])
	routes.GET("/v1/people/:id", echo[asked])
	routes.POST("/v1/records", echo[records])
	fmt.Println(address)
	routes.Spin()
}
