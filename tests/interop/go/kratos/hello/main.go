// Command hello is the server and the client of examples/helloworld as Kratos makes them, over HTTP and gRPC, found through its
// registry in etcd: serve ETCD SERVICE HTTP GRPC, or call ETCD SERVICE for one call over each.
package main

import (
	"context"
	"fmt"
	"log"
	"net/url"
	"os"
	"time"

	"github.com/go-kratos/etcd/registry"
	"github.com/go-kratos/kratos/v2"
	kratoslog "github.com/go-kratos/kratos/v2/log"
	"github.com/go-kratos/kratos/v2/middleware/recovery"
	"github.com/go-kratos/kratos/v2/transport/grpc"
	"github.com/go-kratos/kratos/v2/transport/http"
	"github.com/go-kratos/kratos/v2/transport/http/binding"
	clientv3 "go.etcd.io/etcd/client/v3"
	rpc "google.golang.org/grpc"

	"interop/helloworld"
)

const (
	method = "/helloworld.Greeter/SayHello"
	route  = "/helloworld/{name}"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	// What is printed are the outcomes of calls.
	kratoslog.SetLogger(kratoslog.NewFilter(kratoslog.DefaultLogger, kratoslog.FilterLevel(kratoslog.LevelFatal)))
	etcd := must(clientv3.New(clientv3.Config{Endpoints: []string{os.Args[2]}, DialTimeout: 10 * time.Second}))
	switch service := os.Args[3]; os.Args[1] {
	case "serve":
		serve(etcd, service, os.Args[4], os.Args[5])
	case "call":
		call(etcd, service)
	}
}

// welcome answers both transports.
func welcome(_ context.Context, request any) (any, error) {
	name := request.(*helloworld.HelloRequest).Name
	return &helloworld.HelloReply{Message: fmt.Sprintf("kratos welcomes %s!", name)}, nil
}

func overHTTP(ctx http.Context) error {
	request := new(helloworld.HelloRequest)
	if err := ctx.BindVars(request); err != nil {
		return err
	}
	http.SetOperation(ctx, method)
	reply, err := ctx.Middleware(welcome)(ctx, request)
	if err != nil {
		return err
	}
	return ctx.Result(200, reply)
}

func overGRPC(server any, ctx context.Context, decode func(any) error, around rpc.UnaryServerInterceptor) (any, error) {
	request := new(helloworld.HelloRequest)
	if err := decode(request); err != nil {
		return nil, err
	}
	return around(ctx, request, &rpc.UnaryServerInfo{Server: server, FullMethod: method}, welcome)
}

func serve(etcd *clientv3.Client, service, httpAddress, grpcAddress string) {
	httpServer := http.NewServer(http.Address(httpAddress), http.Middleware(recovery.Recovery()))
	httpServer.Route("/").GET(route, overHTTP)
	grpcServer := grpc.NewServer(grpc.Address(grpcAddress), grpc.Middleware(recovery.Recovery()))
	grpcServer.RegisterService(&rpc.ServiceDesc{ServiceName: "helloworld.Greeter", HandlerType: (*any)(nil),
		Methods: []rpc.MethodDesc{{MethodName: "SayHello", Handler: overGRPC}}, Metadata: "helloworld.proto"}, nil)
	app := kratos.New(kratos.Name(service), kratos.Server(httpServer, grpcServer), kratos.Registrar(registry.New(etcd)),
		kratos.Endpoint(&url.URL{Scheme: "http", Host: httpAddress}, &url.URL{Scheme: "grpc", Host: grpcAddress}))
	if err := app.Run(); err != nil {
		log.Fatal(err)
	}
}

func call(etcd *clientv3.Client, service string) {
	ctx, known, target := context.Background(), registry.New(etcd), "discovery:///"+service
	httpClient := must(http.NewClient(ctx, http.WithEndpoint(target), http.WithDiscovery(known), http.WithBlock(),
		http.WithTimeout(10*time.Second)))
	grpcClient := must(grpc.DialInsecure(ctx, grpc.WithEndpoint(target), grpc.WithDiscovery(known),
		grpc.WithTimeout(10*time.Second)))
	request, reply := &helloworld.HelloRequest{Name: "go-kratos"}, new(helloworld.HelloReply)
	path := binding.EncodeURL(route, request, true)
	if err := httpClient.Invoke(ctx, "GET", path, nil, reply, http.Operation(method), http.PathTemplate(route)); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("[http] SayHello message:%q\n", reply.Message)
	reply = new(helloworld.HelloReply)
	if err := grpcClient.Invoke(ctx, method, request, reply); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("[grpc] SayHello message:%q\n", reply.Message)
}
