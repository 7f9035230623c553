// Package client calls the services behind the gateway.
package client

import (
	"context"
	"time"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/retry"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/transport"
	etcd "github.com/kitex-contrib/registry-etcd"

	"interop/kitex_gen/music/service/user"
	"interop/kitex_gen/music/service/user/userservice"
)

// User calls the user service. Its errors are those of Kitex, with what a BaseResp says as a business error.
type User struct {
	remote userservice.Client
}

// New makes a client that finds the service in etcd, and sends a TTHeader if that is wanted.
func New(address string, ttheader bool) (*User, error) {
	resolver, err := etcd.NewEtcdResolver([]string{address})
	if err != nil {
		return nil, err
	}
	options := []client.Option{
		client.WithRPCTimeout(3 * time.Second),
		client.WithConnectTimeout(50 * time.Millisecond),
		client.WithFailureRetry(retry.NewFailurePolicy()),
		client.WithResolver(resolver),
	}
	if ttheader {
		protocol := client.WithTransportProtocol(transport.TTHeaderFramed)
		options = append(options, protocol, client.WithMetaHandler(transmeta.ClientTTHeaderHandler))
	}
	remote, err := userservice.NewClient("service.music.user", options...)
	if err != nil {
		return nil, err
	}
	return &User{remote}, nil
}

// Create makes a user.
func (u *User) Create(ctx context.Context, req *user.CreateUserReq) error {
	resp, err := u.remote.CreateUser(ctx, req)
	if err != nil {
		return err
	}
	return status(resp.BaseResp)
}

// Login gives a token.
func (u *User) Login(ctx context.Context, req *user.LoginReq) (string, error) {
	resp, err := u.remote.Login(ctx, req)
	if err != nil {
		return "", err
	}
	return resp.Token, status(resp.BaseResp)
}

// Me gives the name of the user that a token was given to.
func (u *User) Me(ctx context.Context, authorization string) (string, error) {
	ctx = metainfo.WithValue(ctx, "authorization", authorization)
	resp, err := u.remote.GetUser(ctx, &user.GetUserReq{})
	if err != nil {
		return "", err
	}
	return resp.Username, status(resp.BaseResp)
}

func status(resp *user.BaseResp) error {
	if resp.StatusCode != 0 {
		return kerrors.NewBizStatusError(resp.StatusCode, resp.StatusMessage)
	}
	return nil
}
