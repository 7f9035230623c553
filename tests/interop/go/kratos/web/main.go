// Command web is a server and a client of idl/books.proto as Kratos makes them, over HTTP and gRPC, found through its registry in
// etcd: serve ETCD SERVICE HTTP GRPC, or try ETCD SERVICE NAME for one call of each method.
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
	"github.com/go-kratos/kratos/v2/errors"
	kratoslog "github.com/go-kratos/kratos/v2/log"
	"github.com/go-kratos/kratos/v2/middleware/recovery"
	"github.com/go-kratos/kratos/v2/transport/grpc"
	"github.com/go-kratos/kratos/v2/transport/http"
	"github.com/go-kratos/kratos/v2/transport/http/binding"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"interop/books"
)

const (
	get = "/v1/shelves/{shelf}/books/{name}"
	add = "/v1/books"
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
	case "try":
		try(etcd, service, os.Args[4])
	}
}

// refusal is what a handler fails with for a name.
func refusal(name string) error {
	switch name {
	case "missing":
		return errors.NotFound("BOOK_NOT_FOUND", "no such book").WithMetadata(map[string]string{"name": name})
	case "conflict":
		return errors.Conflict("DUP", "already there")
	case "teapot":
		return errors.New(418, "TEAPOT", "tea").WithMetadata(map[string]string{"size": "7"})
	case "plain":
		return fmt.Errorf("torn")
	}
	return nil
}

// handles serves a method by a route, as Kratos' documentation says.
func handles[Q any, Request interface {
	*Q
	proto.Message
}](operation string, hasBody bool, answer func(Request) (*books.Book, error)) http.HandlerFunc {
	return func(ctx http.Context) error {
		request := Request(new(Q))
		if hasBody {
			if err := ctx.Bind(request); err != nil {
				return err
			}
		}
		if err := ctx.BindQuery(request); err != nil {
			return err
		}
		if err := ctx.BindVars(request); err != nil {
			return err
		}
		http.SetOperation(ctx, operation)
		around := ctx.Middleware(func(_ context.Context, request any) (any, error) { return answer(request.(Request)) })
		book, err := around(ctx, request)
		if err != nil {
			return err
		}
		return ctx.Result(200, book)
	}
}

func serve(etcd *clientv3.Client, service, web, rpc string) {
	server := http.NewServer(http.Address(web), http.Middleware(recovery.Recovery()))
	routes := server.Route("/")
	routes.GET(get, handles("/interop.books.Books/Get", false, func(query *books.Query) (*books.Book, error) {
		return &books.Book{Shelf: query.Shelf, Name: query.Name, Pages: query.PageSize, Tags: query.Tags, Labels: query.Labels,
			Cover: query.Cover, Lent: query.Lent, Kind: query.Kind}, refusal(query.Name)
	}))
	routes.POST(add, handles("/interop.books.Books/Add", true, func(book *books.Book) (*books.Book, error) {
		return book, refusal(book.Name)
	}))
	app := kratos.New(kratos.Name(service), kratos.Server(server, grpc.NewServer(grpc.Address(rpc))),
		kratos.Registrar(registry.New(etcd)),
		kratos.Endpoint(&url.URL{Scheme: "http", Host: web}, &url.URL{Scheme: "grpc", Host: rpc}))
	if err := app.Run(); err != nil {
		log.Fatal(err)
	}
}

func try(etcd *clientv3.Client, service, name string) {
	ctx := context.Background()
	client := must(http.NewClient(ctx, http.WithEndpoint("discovery:///"+service), http.WithDiscovery(registry.New(etcd)),
		http.WithBlock(), http.WithTimeout(10*time.Second)))
	tell := func(book *books.Book, err error) {
		if err != nil {
			refused := errors.FromError(err)
			fmt.Printf("%d %s %q %v\n", refused.Code, refused.Reason, refused.Message, refused.Metadata)
			return
		}
		fmt.Println(protojson.MarshalOptions{}.Format(book))
	}
	query := &books.Query{Shelf: "a b", Name: name, PageSize: 1 << 60, Tags: []string{"x&y", "ü"},
		Labels: map[string]string{"k": "v"}, Cover: []byte{0xfb, 0xff}, Lent: durationpb.New(90 * time.Second), Kind: books.Kind_NOVEL}
	book := new(books.Book)
	tell(book, client.Invoke(ctx, "GET", binding.EncodeURL(get, query, true), nil, book, http.PathTemplate(get)))
	sent := &books.Book{Name: name, Pages: -7, Tags: []string{"ü"}, Cover: []byte{0xfb, 0xff}, Lent: durationpb.New(time.Second / 2)}
	book = new(books.Book)
	tell(book, client.Invoke(ctx, "POST", binding.EncodeURL(add, sent, false), sent, book, http.PathTemplate(add)))
}
