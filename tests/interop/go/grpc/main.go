// Command grpc is a server and a client of etcd's own naming for gRPC: serve ETCD SERVICE LISTEN TTL, or call ETCD SERVICE.
package main

import (
	"context"
	"log"
	"net"
	"os"
	"strconv"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/naming/endpoints"
	"go.etcd.io/etcd/client/v3/naming/resolver"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/reflection"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"interop/greeter"
)

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	etcd := must(clientv3.New(clientv3.Config{Endpoints: []string{os.Args[2]}, DialTimeout: 10 * time.Second}))
	if os.Args[1] == "serve" {
		serve(etcd, os.Args[3], os.Args[4], int64(must(strconv.Atoi(os.Args[5]))))
	} else {
		call(etcd, os.Args[3])
	}
}

// file is idl/greeter.proto, for reflection.
const file = `
name: "greeter.proto" package: "interop.greeter" syntax: "proto3"
message_type { name: "Text" field { name: "text" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING json_name: "text" } }
service {
  name: "Greeter"
  method { name: "Greet" input_type: ".interop.greeter.Text" output_type: ".interop.greeter.Text" }
}`

func serve(etcd *clientv3.Client, service, address string, ttl int64) {
	described := new(descriptorpb.FileDescriptorProto)
	check(prototext.Unmarshal([]byte(file), described))
	check(protoregistry.GlobalFiles.RegisterFile(must(protodesc.NewFile(described, protoregistry.GlobalFiles))))
	server := grpc.NewServer()
	server.RegisterService(&greeter.Desc, greeter.At(address))
	reflection.Register(server)
	listener := must(net.Listen("tcp", address))
	go server.Serve(listener)
	ctx := context.Background()
	names := must(endpoints.NewManager(etcd, service))
	lease := must(etcd.Grant(ctx, ttl))
	alive := must(etcd.KeepAlive(ctx, lease.ID))
	go func() {
		for range alive {
		}
	}()
	key := service + "/" + address
	check(names.AddEndpoint(ctx, key, endpoints.Endpoint{Addr: address}, clientv3.WithLease(lease.ID)))
	greeter.Ended()
	check(names.DeleteEndpoint(ctx, key))
	server.GracefulStop()
}

func call(etcd *clientv3.Client, service string) {
	conn := must(grpc.NewClient("etcd:///"+service, grpc.WithResolvers(must(resolver.NewBuilder(etcd))),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`)))
	greeter.Call(greeter.Over(conn))
}
