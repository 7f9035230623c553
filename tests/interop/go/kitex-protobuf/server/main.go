// Command server answers Pinger as Kitex does, on every protocol that it has: server ADDRESS.
package main

import (
	"context"
	"errors"
	"log"
	"net"
	"os"

	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/server"

	"interop/kitex_gen/bare"
	"interop/kitex_gen/bare/pinger"
)

type pings struct{}

func (*pings) Ping(_ context.Context, ping *bare.Ping) (*bare.Pong, error) {
	switch ping.Text {
	case "biz":
		return nil, kerrors.NewBizStatusErrorWithExtra(404, "no user", map[string]string{"k": "v"})
	case "plain":
		return nil, errors.New("something broke")
	}
	return &bare.Pong{Text: "hi " + ping.Text}, nil
}

func main() {
	address, err := net.ResolveTCPAddr("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	info := &rpcinfo.EndpointBasicInfo{ServiceName: "pinger"}
	served := pinger.NewServer(&pings{}, server.WithServiceAddr(address), server.WithServerBasicInfo(info),
		server.WithMetaHandler(transmeta.ServerTTHeaderHandler))
	if err := served.Run(); err != nil {
		log.Fatal(err)
	}
}
