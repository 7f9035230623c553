// Command rest serves Echo by grpc-gateway, in process, with what its registration makes by default. It prints its address.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	pb "rest/gen"
)

type echo struct {
	pb.UnimplementedEchoServer
}

func (echo) Get(_ context.Context, in *pb.All) (*pb.All, error)    { return in, nil }
func (echo) Post(_ context.Context, in *pb.All) (*pb.All, error)   { return in, nil }
func (echo) Put(_ context.Context, in *pb.All) (*pb.All, error)    { return in, nil }
func (echo) Patch(_ context.Context, in *pb.All) (*pb.All, error)  { return in, nil }
func (echo) Delete(_ context.Context, in *pb.All) (*pb.All, error) { return in, nil }
func (echo) Custom(_ context.Context, in *pb.All) (*pb.All, error) { return in, nil }

func (echo) Download(_ context.Context, in *pb.All) (*httpbody.HttpBody, error) {
	return &httpbody.HttpBody{ContentType: "text/plain", Data: []byte(in.Name)}, nil
}

func (echo) Send(_ context.Context, in *pb.Upload) (*httpbody.HttpBody, error) {
	file := in.File
	return &httpbody.HttpBody{ContentType: file.GetContentType(), Data: append([]byte(in.Name+":"), file.GetData()...)}, nil
}

func (echo) Raw(_ context.Context, in *httpbody.HttpBody) (*httpbody.HttpBody, error) { return in, nil }

func (echo) Fail(_ context.Context, in *pb.All) (*pb.All, error) {
	return nil, status.Error(codes.Code(in.Count), "as you say")
}

func main() {
	json := &runtime.JSONPb{
		MarshalOptions:   protojson.MarshalOptions{},
		UnmarshalOptions: protojson.UnmarshalOptions{DiscardUnknown: true},
	}
	mux := runtime.NewServeMux(runtime.WithMarshalerOption(runtime.MIMEWildcard, &runtime.HTTPBodyMarshaler{Marshaler: json}))
	if err := pb.RegisterEchoHandlerServer(context.Background(), mux, echo{}); err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	log.Fatal(http.Serve(listener, mux))
}
