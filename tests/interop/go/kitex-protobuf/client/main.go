// Command client calls Pinger in Kitex-Protobuf: client ADDRESS TRANSPORT.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/transport"

	"interop/kitex_gen/bare"
	"interop/kitex_gen/bare/pinger"
)

// options of a transport. What a proto service is not called with over gRPC is TTHeaderFramed, also for Framed alone.
func options(name string) []client.Option {
	switch name {
	case "ttheader_framed":
		return []client.Option{client.WithTransportProtocol(transport.TTHeaderFramed)}
	case "framed":
		return []client.Option{client.WithTransportProtocol(transport.PurePayload), client.WithTransportProtocol(transport.Framed)}
	case "mux":
		return []client.Option{client.WithMuxConnection(2)}
	case "grpc":
		return []client.Option{client.WithTransportProtocol(transport.GRPC)}
	}
	return nil
}

func say(answer *bare.Pong, err error) {
	var refused kerrors.BizStatusErrorIface
	switch {
	case errors.As(err, &refused):
		fmt.Println("business", refused.BizStatusCode(), refused.BizMessage(), refused.BizExtra()["k"])
	case err != nil:
		fmt.Println("error", err)
	default:
		fmt.Println(len(answer.Text), answer.Text[:min(len(answer.Text), 20)])
	}
}

func main() {
	all := append(options(os.Args[2]), client.WithHostPorts(os.Args[1]), client.WithRPCTimeout(10*time.Second),
		client.WithMetaHandler(transmeta.ClientTTHeaderHandler))
	pinger, err := pinger.NewClient("pinger", all...)
	if err != nil {
		log.Fatal(err)
	}
	for _, text := range []string{"ok", "", strings.Repeat("x", 1_000_000), "biz", "plain", "still here"} {
		say(pinger.Ping(context.Background(), &bare.Ping{Text: text}))
	}
}
