// Command go-kit is a server and a client as go-kit makes them, endpoints over its gRPC transport, found through its
// sd/etcdv3: serve ETCD SERVICE LISTEN TTL, or call ETCD SERVICE. In front of the login example it is serve-users ETCD LISTEN SECRET,
// or call-users ETCD.
package main

import (
	"context"
	"io"
	"log"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/go-kit/kit/sd"
	"github.com/go-kit/kit/sd/etcdv3"
	"github.com/go-kit/kit/sd/lb"
	transport "github.com/go-kit/kit/transport/grpc"
	kitlog "github.com/go-kit/log"
	"google.golang.org/grpc"

	"interop/greeter"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	etcd := must(etcdv3.NewClient(context.Background(), []string{os.Args[2]}, etcdv3.ClientOptions{DialTimeout: 10 * time.Second}))
	switch os.Args[1] {
	case "serve":
		serve(etcd, os.Args[3], os.Args[4], time.Duration(must(strconv.Atoi(os.Args[5])))*time.Second)
	case "call":
		call(etcd, os.Args[3])
	case "serve-users":
		serveUsers(etcd, os.Args[3], os.Args[4])
	case "call-users":
		callUsers(etcd)
	}
}

// same is a message that the endpoint takes and gives as it is on the wire.
func same(_ context.Context, message any) (any, error) { return message, nil }

// handler is go-kit's handler of the one method, as the service that grpc calls.
type handler struct{ transport.Handler }

func (handler handler) Greet(ctx context.Context, text *greeter.Text) (*greeter.Text, error) {
	_, answer, err := handler.ServeGRPC(ctx, text)
	if err != nil {
		return nil, err
	}
	return answer.(*greeter.Text), nil
}

func serve(etcd etcdv3.Client, service, address string, ttl time.Duration) {
	greet := func(ctx context.Context, text any) (any, error) {
		return greeter.At(address).Greet(ctx, text.(*greeter.Text))
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(transport.Interceptor))
	server.RegisterService(&greeter.Desc, handler{transport.NewServer(greet, same, same)})
	listener := must(net.Listen("tcp", address))
	go server.Serve(listener)
	entry := etcdv3.Service{Key: service + "/" + address, Value: address, TTL: etcdv3.NewTTLOption(ttl/4, ttl)}
	registrar := etcdv3.NewRegistrar(etcd, entry, kitlog.NewLogfmtLogger(os.Stderr))
	registrar.Register()
	greeter.Ended()
	registrar.Deregister()
	server.GracefulStop()
}

// left closes the connection to an instance that is gone, once the calls that have its endpoint must have ended.
type left struct{ *grpc.ClientConn }

func (left left) Close() error {
	time.AfterFunc(greeter.Timeout, func() { left.ClientConn.Close() })
	return nil
}

// dialed is the endpoint of one instance.
func dialed(address string) (endpoint.Endpoint, io.Closer, error) {
	conn, err := grpc.Dial(address, grpc.WithInsecure())
	if err != nil {
		return nil, nil, err
	}
	return transport.NewClient(conn, greeter.Desc.ServiceName, "Greet", same, same, greeter.Text{}).Endpoint(), left{conn}, nil
}

func call(etcd etcdv3.Client, service string) {
	logger := kitlog.NewLogfmtLogger(os.Stderr)
	instances := must(etcdv3.NewInstancer(etcd, service+"/", logger))
	balancer := lb.NewRoundRobin(sd.NewEndpointer(instances, dialed, logger))
	greeter.Call(func(ctx context.Context, text *greeter.Text) (*greeter.Text, error) {
		greet, err := balancer.Endpoint()
		if err != nil {
			return nil, err
		}
		answer, err := greet(ctx, text)
		if err != nil {
			return nil, err
		}
		return answer.(*greeter.Text), nil
	})
}
