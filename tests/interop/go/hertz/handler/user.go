// Package handler answers the requests of the gateway.
package handler

import (
	"context"

	"github.com/cloudwego/hertz/pkg/app"

	"interop/client"
	"interop/kitex_gen/music/service/user"
	"interop/model"
)

// User answers what is asked of users.
type User struct {
	Users *client.User
}

// Register makes a user.
func (h User) Register(ctx context.Context, c *app.RequestContext) {
	var req user.CreateUserReq
	if err := c.BindAndValidate(&req); err != nil {
		c.JSON(400, map[string]string{"error": err.Error()})
		return
	}
	model.Send(c, h.Users.Create(ctx, &req), nil)
}

// Login gives a token.
func (h User) Login(ctx context.Context, c *app.RequestContext) {
	var req user.LoginReq
	if err := c.BindAndValidate(&req); err != nil {
		c.JSON(400, map[string]string{"error": err.Error()})
		return
	}
	token, err := h.Users.Login(ctx, &req)
	model.Send(c, err, map[string]string{"token": token})
}

// Me gives the name of the user whose token the request has.
func (h User) Me(ctx context.Context, c *app.RequestContext) {
	username, err := h.Users.Me(ctx, string(c.GetHeader("authorization")))
	model.Send(c, err, map[string]string{"username": username})
}
