// Command go-micro is a server and a client as go-micro makes them, found through its registry in etcd; over gRPC, and where
// TRANSPORT is http over the transport that go-micro has by default:
// serve ETCD SERVICE LISTEN TTL, call ETCD SERVICE, try ETCD SERVICE CONTENT-TYPE TEXT TIMEOUT for one call, or hello ETCD SERVICE
// for one of examples/hello-micro.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/micro/go-micro/v2/broker/memory"
	"github.com/micro/go-micro/v2/client"
	grpcclient "github.com/micro/go-micro/v2/client/grpc"
	"github.com/micro/go-micro/v2/client/selector"
	"github.com/micro/go-micro/v2/errors"
	"github.com/micro/go-micro/v2/registry"
	"github.com/micro/go-micro/v2/registry/etcd"
	"github.com/micro/go-micro/v2/server"
	grpcserver "github.com/micro/go-micro/v2/server/grpc"

	"interop/greeter"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	known := etcd.NewRegistry(registry.Addrs(os.Args[2]))
	switch service := os.Args[3]; os.Args[1] {
	case "serve":
		seconds, err := strconv.Atoi(os.Args[5])
		check(err)
		serve(known, service, os.Args[4], time.Duration(seconds)*time.Second)
	case "call":
		calls := newClient(known)
		greeter.Call(func(ctx context.Context, text *greeter.Text) (*greeter.Text, error) {
			answer := new(greeter.Text)
			return answer, calls.Call(ctx, calls.NewRequest(service, "Greeter.Greet", text), answer)
		})
	case "try":
		timeout, err := time.ParseDuration(os.Args[6])
		check(err)
		try(newClient(known), service, os.Args[4], os.Args[5], timeout)
	case "hello":
		calls, answer := newClient(known), new(Hello)
		question := &Hello{From: "client", To: "server", Msg: "hello aoho"}
		check(calls.Call(context.Background(), calls.NewRequest(service, "Greeter.Hello", question), answer))
		fmt.Println(answer)
	}
}

func overHTTP() bool { return os.Getenv("TRANSPORT") == "http" }

// Greeter is the service: the type's name is its name on the wire.
type Greeter struct{ at greeter.At }

// Greet fails as go-micro's handlers do, where it is told to.
func (greets *Greeter) Greet(ctx context.Context, text, answer *Text) error {
	switch text.Text {
	case "missing":
		return errors.NotFound("hello.srv.greet", "user %s not found", "x")
	case "plain":
		return fmt.Errorf("something broke")
	case "slow":
		<-ctx.Done()
		return ctx.Err()
	}
	given, err := greets.at.Greet(ctx, &greeter.Text{Value: text.Text})
	answer.Text = given.Value
	return err
}

// Hello is the messages of hello.proto.
type Hello struct {
	From string `protobuf:"bytes,1,opt,name=from,proto3" json:"from,omitempty"`
	To   string `protobuf:"bytes,2,opt,name=to,proto3" json:"to,omitempty"`
	Msg  string `protobuf:"bytes,3,opt,name=msg,proto3" json:"msg,omitempty"`
}

func (hello *Hello) Reset() { *hello = Hello{} }
func (hello *Hello) String() string {
	return fmt.Sprintf("from:%q to:%q msg:%q", hello.From, hello.To, hello.Msg)
}
func (*Hello) ProtoMessage() {}

// Hello answers as the server of examples/hello-micro does.
func (*Greeter) Hello(_ context.Context, hello, answer *Hello) error {
	*answer = Hello{From: "go-micro", To: hello.From, Msg: "ok"}
	return nil
}

func serve(known registry.Registry, service, address string, ttl time.Duration) {
	made := grpcserver.NewServer
	if overHTTP() {
		made = server.NewServer
	}
	served := made(server.Name(service), server.Address(address), server.Registry(known),
		server.RegisterTTL(ttl), server.RegisterInterval(ttl/4), server.Broker(memory.NewBroker()))
	check(served.Handle(served.NewHandler(&Greeter{greeter.At(address)})))
	check(served.Start())
	greeter.Ended()
	check(served.Stop())
}

func newClient(known registry.Registry) client.Client {
	made := grpcclient.NewClient
	if overHTTP() {
		made = client.NewClient
	}
	return made(client.Registry(known), client.Broker(memory.NewBroker()),
		client.Selector(selector.NewSelector(selector.Registry(known))))
}

// Text is idl/greeter.proto's message, whose JSON is an object where that of greeter.Text is a string.
type Text struct {
	Text string `protobuf:"bytes,1,opt,name=text,proto3" json:"text,omitempty"`
}

func (text *Text) Reset()         { *text = Text{} }
func (text *Text) String() string { return text.Text }
func (*Text) ProtoMessage()       {}

func try(calls client.Client, service, content, text string, timeout time.Duration) {
	answer := new(Text)
	request := calls.NewRequest(service, "Greeter.Greet", &Text{text}, client.WithContentType(content))
	err := calls.Call(context.Background(), request, answer, client.WithRequestTimeout(timeout), client.WithRetries(0))
	text = answer.Text
	if err != nil {
		refused := errors.FromError(err)
		text = fmt.Sprintf("%s %d %q %s", refused.Id, refused.Code, refused.Detail, refused.Status)
	}
	fmt.Println(text)
}
