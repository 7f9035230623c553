package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/go-kit/kit/sd"
	"github.com/go-kit/kit/sd/etcdv3"
	"github.com/go-kit/kit/sd/lb"
	transport "github.com/go-kit/kit/transport/grpc"
	kitlog "github.com/go-kit/log"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"interop/greeter"
)

// users is the name of the login example in etcd.
const users = "svc.user.agent"

// Login and LoginAck are the messages of user.proto in the form that protoc-gen-go gave them up to 1.3.
type Login struct {
	Account  string `protobuf:"bytes,1,opt,name=Account,proto3"`
	Password string `protobuf:"bytes,2,opt,name=Password,proto3"`
}

func (login *Login) Reset()         { *login = Login{} }
func (login *Login) String() string { return login.Account }
func (*Login) ProtoMessage()        {}

type LoginAck struct {
	Token string `protobuf:"bytes,1,opt,name=Token,proto3"`
}

func (ack *LoginAck) Reset()         { *ack = LoginAck{} }
func (ack *LoginAck) String() string { return ack.Token }
func (*LoginAck) ProtoMessage()      {}

// userDesc is the service of service.proto, as go-kit's transport serves it.
var userDesc = grpc.ServiceDesc{
	ServiceName: "pb.User",
	HandlerType: (*transport.Handler)(nil),
	Methods: []grpc.MethodDesc{{MethodName: "RpcUserLogin", Handler: func(
		server any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor,
	) (any, error) {
		login := new(Login)
		if err := decode(login); err != nil {
			return nil, err
		}
		_, ack, err := server.(transport.Handler).ServeGRPC(ctx, login)
		return ack, err
	}}},
}

// logIn makes the tokens of the example, signed with its secret, and says as it does who made them.
func logIn(address, secret string) endpoint.Endpoint {
	return func(ctx context.Context, request any) (any, error) {
		login := request.(*Login)
		if login.Account != "aoho" || login.Password != "123456" {
			return nil, status.Error(codes.Unauthenticated, "who is that?")
		}
		claims := must(json.Marshal(map[string]any{"sub": login.Account, "exp": time.Now().Unix() + 60, "iss": users}))
		signed := encoded([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encoded(claims)
		mac := hmac.New(sha256.New, []byte(secret))
		io.WriteString(mac, signed)
		grpc.SetHeader(ctx, metadata.Pairs("x-instance", address))
		return &LoginAck{Token: signed + "." + encoded(mac.Sum(nil))}, nil
	}
}

func encoded(bytes []byte) string { return base64.RawURLEncoding.EncodeToString(bytes) }

func serveUsers(etcd etcdv3.Client, address, secret string) {
	server := grpc.NewServer()
	server.RegisterService(&userDesc, transport.NewServer(logIn(address, secret), same, same))
	listener := must(net.Listen("tcp", address))
	go server.Serve(listener)
	registrar := etcdv3.NewRegistrar(etcd, etcdv3.Service{Key: users + "/" + address, Value: address}, kitlog.NewNopLogger())
	registrar.Register()
	fmt.Println("registered")
	greeter.Ended()
	registrar.Deregister()
	server.GracefulStop()
}

// logsIn is the endpoint of one instance.
func logsIn(address string) (endpoint.Endpoint, io.Closer, error) {
	conn, err := grpc.Dial(address, grpc.WithInsecure())
	if err != nil {
		return nil, nil, err
	}
	return transport.NewClient(conn, userDesc.ServiceName, "RpcUserLogin", same, same, LoginAck{}).Endpoint(), conn, nil
}

// callUsers logs in six times, at the instances in turn.
func callUsers(etcd etcdv3.Client) {
	instances := must(etcdv3.NewInstancer(etcd, users, kitlog.NewLogfmtLogger(os.Stderr)))
	balancer := lb.NewRoundRobin(sd.NewEndpointer(instances, logsIn, kitlog.NewNopLogger()))
	for range 6 {
		ctx, cancel := context.WithTimeout(context.Background(), greeter.Timeout)
		ack, err := must(balancer.Endpoint())(ctx, &Login{Account: "aoho", Password: "123456"})
		cancel()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ack.(*LoginAck).Token)
		time.Sleep(100 * time.Millisecond)
	}
}
