package main

import (
	"context"

	"interop/kitex_gen/interop"
	"interop/kitex_gen/sink"
	"interop/kitex_gen/sink/base"
)

// echo answers with what it is given.
type echo struct{}

func (echo) EchoScalars(_ context.Context, v *sink.Scalars) (*sink.Scalars, error) { return v, nil }
func (echo) EchoOptionals(_ context.Context, v *sink.Optionals) (*sink.Optionals, error) {
	return v, nil
}
func (echo) EchoDefaults(_ context.Context, v *sink.Defaults) (*sink.Defaults, error) { return v, nil }
func (echo) EchoNeeds(_ context.Context, v *sink.Needs) (*sink.Needs, error)          { return v, nil }
func (echo) EchoContainers(_ context.Context, v *sink.Containers) (*sink.Containers, error) {
	return v, nil
}
func (echo) EchoTree(_ context.Context, v *sink.Tree) (*sink.Tree, error)       { return v, nil }
func (echo) EchoOdd(_ context.Context, v *sink.OddIds) (*sink.OddIds, error)    { return v, nil }
func (echo) EchoChoice(_ context.Context, v *sink.Choice) (*sink.Choice, error) { return v, nil }
func (echo) EchoHolder(_ context.Context, v *sink.Holder) (*sink.Holder, error) { return v, nil }
func (echo) EchoEmpty(_ context.Context, v *base.Empty) (*base.Empty, error)    { return v, nil }
func (echo) EchoKeys(_ context.Context, v *interop.Keys) (*interop.Keys, error) { return v, nil }
func (echo) UpDown(_ context.Context, v *sink.V2) (*sink.V1, error)             { return &sink.V1{A: v.A}, nil }

func (echo) RetBool(_ context.Context, v bool) (bool, error)                   { return v, nil }
func (echo) RetByte(_ context.Context, v int8) (int8, error)                   { return v, nil }
func (echo) RetI16(_ context.Context, v int16) (int16, error)                  { return v, nil }
func (echo) RetI32(_ context.Context, v int32) (int32, error)                  { return v, nil }
func (echo) RetI64(_ context.Context, v int64) (int64, error)                  { return v, nil }
func (echo) RetDouble(_ context.Context, v float64) (float64, error)           { return v, nil }
func (echo) RetString(_ context.Context, v string) (string, error)             { return v, nil }
func (echo) RetBinary(_ context.Context, v []byte) ([]byte, error)             { return v, nil }
func (echo) RetEnum(_ context.Context, v sink.Color) (sink.Color, error)       { return v, nil }
func (echo) RetList(_ context.Context, v []string) ([]string, error)           { return v, nil }
func (echo) RetSet(_ context.Context, v []int32) ([]int32, error)              { return v, nil }
func (echo) RetTypedef(_ context.Context, v sink.Name) (sink.Name, error)      { return v, nil }
func (echo) OptArg(_ context.Context, a string, b int32) (string, error)       { return a, nil }
func (echo) SnakeCaseMethod(_ context.Context, someArg string) (string, error) { return someArg, nil }
func (echo) NoIds(_ context.Context, a, b, c, d int32) (int32, error)          { return a + b + c + d, nil }

func (echo) RetMap(_ context.Context, v map[string]*base.Point) (map[string]*base.Point, error) {
	return v, nil
}
