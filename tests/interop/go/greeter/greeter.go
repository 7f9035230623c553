// Package greeter is the service of idl/greeter.proto for the programs of all systems, and the two roles that each of them
// has. A Text is read and written as a StringValue, which is the same on the wire.
package greeter

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Text is the only message.
type Text = wrapperspb.StringValue

// Timeout is what a call may take.
const Timeout = 2 * time.Second

// Method is the path of the only method.
const Method = "/interop.greeter.Greeter/Greet"

// Server is what a system's server registers.
type Server interface {
	Greet(context.Context, *Text) (*Text, error)
}

// At answers with the address under which it was registered.
type At string

func (at At) Greet(_ context.Context, text *Text) (*Text, error) {
	return &Text{Value: text.Value + " from " + string(at)}, nil
}

// Desc is the service for grpc's own server.
var Desc = grpc.ServiceDesc{
	ServiceName: "interop.greeter.Greeter",
	HandlerType: (*Server)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Greet", Handler: greet}},
	Metadata:    "greeter.proto",
}

func greet(server any, ctx context.Context, decode func(any) error, around grpc.UnaryServerInterceptor) (any, error) {
	text := new(Text)
	if err := decode(text); err != nil {
		return nil, err
	}
	work := func(ctx context.Context, text any) (any, error) { return server.(Server).Greet(ctx, text.(*Text)) }
	if around == nil {
		return work(ctx, text)
	}
	return around(ctx, text, &grpc.UnaryServerInfo{Server: server, FullMethod: Method}, work)
}

// Over calls on a connection of grpc's own client.
func Over(conn *grpc.ClientConn) func(context.Context, *Text) (*Text, error) {
	return func(ctx context.Context, text *Text) (*Text, error) {
		answer := new(Text)
		return answer, conn.Invoke(ctx, Method, text, answer)
	}
}

// Call calls until the process ends and says in a line what each call gave.
func Call(call func(context.Context, *Text) (*Text, error)) {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), Timeout)
		answer, err := call(ctx, &Text{Value: "hi"})
		cancel()
		if err != nil {
			fmt.Println("failed:", err)
		} else {
			fmt.Println(answer.Value)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Ended waits for SIGTERM.
func Ended() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	<-signals
}
