// Command hertz is a gateway of Hertz to the user service, which a Kitex client finds in etcd: hertz ETCD LISTEN
// [ttheader]. With a TTHeader business errors and tokens travel, too.
package main

import (
	"log"
	"os"

	"github.com/cloudwego/hertz/pkg/app/server"

	"interop/client"
	"interop/handler"
)

func main() {
	users, err := client.New(os.Args[1], len(os.Args) > 3)
	if err != nil {
		log.Fatal(err)
	}
	user := handler.User{Users: users}
	gateway := server.New(server.WithHostPorts(os.Args[2]))
	routes := gateway.Group("/api/user")
	routes.POST("/register", user.Register)
	routes.POST("/login", user.Login)
	routes.GET("/me", user.Me)
	gateway.Spin()
}
