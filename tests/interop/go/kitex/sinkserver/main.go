// Command sinkserver answers Interop as Kitex does: sinkserver ETCD LISTEN NAME NEXT [mux].
// It prints what its handlers are given, one line of JSON a call. NEXT is the service that Hop asks.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"time"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/endpoint"
	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/server"
	"github.com/cloudwego/kitex/transport"
	etcd "github.com/kitex-contrib/registry-etcd"

	"interop/kitex_gen/interop"
	service "interop/kitex_gen/interop/interop"
	"interop/kitex_gen/sink"
	"interop/kitex_gen/sink/base"
	"interop/shown"
)

type handler struct {
	echo
	next service.Client
}

func (*handler) Nothing(context.Context) error             { return nil }
func (*handler) Touch(context.Context, string) error       { return nil }
func (*handler) Fire(context.Context, string, int32) error { return nil }

func (*handler) Ping(_ context.Context, text string) (string, error) { return "pong " + text, nil }

func (*handler) Many(_ context.Context, a int32, d string, b []int64, c *base.Point) (string, error) {
	return fmt.Sprintf("%d|%s|%v|%d,%d", a, d, b, c.X, c.Y), nil
}

func (*handler) Risky(_ context.Context, kind string) (int32, error) { return 7, risk(kind) }

func (*handler) RiskyVoid(_ context.Context, kind string) error { return risk(kind) }

func risk(kind string) error {
	switch kind {
	case "denied":
		return &base.Denied{Reason: "no entry", Code: -3}
	case "missing":
		return &sink.NotFound{What: "thing", Near: []string{"a", "b"}}
	case "plain":
		return errors.New("something broke")
	case "panic":
		panic("kaboom")
	case "biz":
		return kerrors.NewBizStatusError(404, "user not found")
	case "biz_odd":
		return kerrors.NewBizStatusErrorWithExtra(-502, "try later \u2713", map[string]string{"uid": "42", "k\"": "<&>"})
	}
	return nil
}

func (*handler) Look(ctx context.Context, back map[string]string) (*interop.Seen, error) {
	for key, value := range back {
		metainfo.SendBackwardValue(ctx, key, value)
	}
	seen := &interop.Seen{Transient: metainfo.GetAllValues(ctx), Persistent: metainfo.GetAllPersistentValues(ctx)}
	if deadline, any := ctx.Deadline(); any {
		seen.Remaining = time.Until(deadline).Milliseconds()
	}
	return seen, nil
}

func (it *handler) Hop(ctx context.Context) (*interop.Seen, error) {
	return it.next.Look(ctx, map[string]string{})
}

func (*handler) Sleep(ctx context.Context, milliseconds int64) error {
	select {
	case <-ctx.Done():
		fmt.Println("Sleep ended:", ctx.Err())
		return ctx.Err()
	case <-time.After(time.Duration(milliseconds) * time.Millisecond):
		return nil
	}
}

func tell(next endpoint.Endpoint) endpoint.Endpoint {
	return func(ctx context.Context, req, resp any) error {
		method := rpcinfo.GetRPCInfo(ctx).Invocation().MethodName()
		fmt.Println(shown.Text([]any{method, shown.Struct(req)}))
		return next(ctx, req, resp)
	}
}

func main() {
	own, listen, name, next := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	registry, err := etcd.NewEtcdRegistry([]string{own})
	if err != nil {
		log.Fatal(err)
	}
	resolver, err := etcd.NewEtcdResolver([]string{own})
	if err != nil {
		log.Fatal(err)
	}
	address, err := net.ResolveTCPAddr("tcp", listen)
	if err != nil {
		log.Fatal(err)
	}
	way := service.MustNewClient(next, client.WithResolver(resolver), client.WithTransportProtocol(transport.TTHeader),
		client.WithMetaHandler(transmeta.ClientTTHeaderHandler))
	options := []server.Option{server.WithServiceAddr(address), server.WithRegistry(registry),
		server.WithServerBasicInfo(&rpcinfo.EndpointBasicInfo{ServiceName: name}), server.WithEnableContextTimeout(true),
		server.WithMetaHandler(transmeta.ServerTTHeaderHandler), server.WithMiddleware(tell)}
	if len(os.Args) > 5 {
		options = append(options, server.WithMuxTransport())
	}
	if err := service.NewServer(&handler{next: way}, options...).Run(); err != nil {
		log.Fatal(err)
	}
}
