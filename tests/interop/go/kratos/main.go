// Command kratos is a server and a client as Kratos makes them, found through its registry in etcd:
// serve ETCD SERVICE LISTEN TTL, call ETCD SERVICE, or try ETCD SERVICE TEXT TIMEOUT for one call.
package main

import (
	"context"
	"fmt"
	"log"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/go-kratos/etcd/registry"
	"github.com/go-kratos/kratos/v2"
	"github.com/go-kratos/kratos/v2/errors"
	kratoslog "github.com/go-kratos/kratos/v2/log"
	"github.com/go-kratos/kratos/v2/transport/grpc"
	clientv3 "go.etcd.io/etcd/client/v3"

	"interop/greeter"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	// The lines of a caller are the outcomes of its calls.
	kratoslog.SetLogger(kratoslog.NewFilter(kratoslog.DefaultLogger, kratoslog.FilterLevel(kratoslog.LevelFatal)))
	etcd := must(clientv3.New(clientv3.Config{Endpoints: []string{os.Args[2]}, DialTimeout: 10 * time.Second}))
	switch service := os.Args[3]; os.Args[1] {
	case "serve":
		serve(etcd, service, os.Args[4], time.Duration(must(strconv.Atoi(os.Args[5])))*time.Second)
	case "call":
		greeter.Call(client(etcd, service, 2*time.Second))
	case "try":
		greet := client(etcd, service, must(time.ParseDuration(os.Args[5])))
		answer, err := greet(context.Background(), &greeter.Text{Value: os.Args[4]})
		if err != nil {
			refused := errors.FromError(err)
			fmt.Printf("%d %s %q %v\n", refused.Code, refused.Reason, refused.Message, refused.Metadata)
			return
		}
		fmt.Println(answer.Value)
	}
}

// greets fails as Kratos' handlers do, where it is told to.
type greets struct{ greeter.At }

func (greets greets) Greet(ctx context.Context, text *greeter.Text) (*greeter.Text, error) {
	switch text.Value {
	case "missing":
		return nil, errors.NotFound("USER_NOT_FOUND", "user x not found").WithMetadata(map[string]string{"user": "x", "zone": "a"})
	case "conflict":
		return nil, errors.Conflict("DUP", "already there")
	case "slow":
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return greets.At.Greet(ctx, text)
}

func serve(etcd *clientv3.Client, service, address string, ttl time.Duration) {
	server := grpc.NewServer(grpc.Address(address), grpc.Timeout(0))
	server.RegisterService(&greeter.Desc, greets{greeter.At(address)})
	app := kratos.New(kratos.Name(service), kratos.Server(server), kratos.Registrar(registry.New(etcd, registry.RegisterTTL(ttl))),
		kratos.Endpoint(&url.URL{Scheme: "grpc", Host: address}))
	if err := app.Run(); err != nil {
		log.Fatal(err)
	}
}

func client(etcd *clientv3.Client, service string, timeout time.Duration) func(context.Context, *greeter.Text) (*greeter.Text, error) {
	conn := must(grpc.DialInsecure(context.Background(), grpc.WithEndpoint("discovery:///"+service),
		grpc.WithDiscovery(registry.New(etcd)), grpc.WithTimeout(timeout)))
	return greeter.Over(conn)
}
