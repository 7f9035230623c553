// Package model has the shape of all answers.
package model

import (
	"net/http"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/kitex/pkg/kerrors"
)

// What is answered for an error that is not the service's decision.
const failure = 500

// Response is every answer.
type Response struct {
	Code    int32  `json:"code"`
	Message string `json:"message"`
	Data    any    `json:"data"`
}

// Send answers an error, or the data.
func Send(c *app.RequestContext, err error, data any) {
	response := Response{Message: "success", Data: data}
	if business, ok := kerrors.FromBizStatusError(err); ok {
		response = Response{Code: business.BizStatusCode(), Message: business.BizMessage()}
	} else if err != nil {
		response = Response{Code: failure, Message: err.Error()}
	}
	c.JSON(http.StatusOK, response)
}
