package main

import (
	"context"
	"fmt"
	"log"
	"math"
	"os"
	"strings"

	"github.com/cloudwego/kitex/pkg/endpoint"
	"github.com/cloudwego/kitex/pkg/rpcinfo"

	interops "interop/kitex_gen/interop"
	"interop/kitex_gen/interop/interop"
	"interop/kitex_gen/interop/strange"
	"interop/kitex_gen/sink"
	"interop/kitex_gen/sink/base"
	"interop/shown"
)

// tell prints the arguments and the result of each call of values.
func tell(next endpoint.Endpoint) endpoint.Endpoint {
	return func(ctx context.Context, req, resp any) error {
		err := next(ctx, req, resp)
		if os.Args[4] == "values" && err == nil {
			method := rpcinfo.GetRPCInfo(ctx).Invocation().MethodName()
			result := any(map[string]any{})
			if resp != nil {
				result = shown.Struct(resp)
			}
			fmt.Println(shown.Text([]any{method, shown.Struct(req), result}))
		}
		return err
	}
}

// each calls a method with some values.
func each[V, R any](call func(V) (R, error), all ...V) {
	for _, value := range all {
		if _, err := call(value); err != nil {
			log.Fatalf("%+v: %v", value, err)
		}
	}
}

// with is a method of the client as a function of its argument alone.
func with[V, R, O any](method func(context.Context, V, ...O) (R, error)) func(V) (R, error) {
	return func(value V) (R, error) { return method(background, value) }
}

func set[T any](it T) *T { return &it }

var long = strings.Repeat("0123456789", 1024)

func every() []byte {
	all := make([]byte, 256)
	for at := range all {
		all[at] = byte(at)
	}
	return all
}

func values(it interop.Client, _ strange.Client) {
	scalars(it)
	each(with(it.EchoOptionals), &sink.Optionals{}, optionals(false), optionals(true))
	changed := sink.NewDefaults()
	changed.Maybe, changed.MaybeText, changed.MaybeFlag, changed.Must = 8, "bye", true, ""
	changed.Numbers, changed.Ages, changed.Blob, changed.Flag = nil, nil, nil, false
	each(with(it.EchoDefaults), sink.NewDefaults(), changed)
	each(with(it.EchoNeeds), &sink.Needs{Point: &base.Point{X: -1}, Words: []string{""}, Names: map[int32]string{-1: "m"}})
	containers(it)
	deep := &sink.Tree{Value: 0}
	for level := int32(1); level < 30; level++ {
		deep = &sink.Tree{Value: level, Next: deep, Children: []*sink.Tree{{Value: -level}, {Children: []*sink.Tree{}}}}
	}
	each(with(it.EchoTree), &sink.Tree{}, deep)
	each(with(it.EchoOdd), &sink.OddIds{Hundred: "100", Three: "3", Top: "32767", One: "1"})
	unions(it)
	each(with(it.EchoEmpty), &base.Empty{})
	newer := &sink.V2{A: "a", Added: 1, More: []*base.Point{{X: 1}}, Extra: map[string]string{"k": "v"}}
	each(with(it.UpDown), newer, &sink.V2{})
	low := map[base.Level][]base.UserId{base.Level_LOW: {math.MinInt64, 5}, base.Level(-9): {}}
	spots := []*base.Point{{X: 1}, {Y: 1}}
	places := map[string]*base.Point{"": {X: -1, Y: math.MaxInt32}}
	keys := &interops.Keys{Named: map[*base.Point]string{{X: 1, Y: 2}: "a", {}: ""}, Spots: spots, Levels: low, Places: places}
	each(with(it.EchoKeys), &interops.Keys{}, keys)
	plain(it)
}

func scalars(it interop.Client) {
	least := &sink.Scalars{Tiny: math.MinInt8, Tiny2: math.MinInt8, Small: math.MinInt16, Medium: math.MinInt32,
		Large: math.MinInt64, Real: -math.MaxFloat64, Color: math.MinInt32, Level: base.Level_NEGATIVE, User: math.MinInt64}
	most := &sink.Scalars{Flag: true, Tiny: math.MaxInt8, Tiny2: math.MaxInt8, Small: math.MaxInt16, Medium: math.MaxInt32,
		Large: math.MaxInt64, Real: math.MaxFloat64, Text: "h\u00e9llo \u4e16\u754c \U0001F642\x00\"\\\n", Blob: every(),
		Color: sink.Color_MAX, Level: base.Level_HIGH, User: math.MaxInt64}
	each(with(it.EchoScalars), &sink.Scalars{}, least, most, &sink.Scalars{Color: 99, Level: -77, Text: long})
}

func optionals(full bool) *sink.Optionals {
	if full {
		return &sink.Optionals{Flag: set(true), Tiny: set(int8(-2)), Small: set(int16(-3)), Medium: set(int32(-4)),
			Large: set(int64(-5)), Real: set(-6.5), Text: set("t"), Blob: []byte{0, 255}, Color: set(sink.Color_BLUE),
			Point: &base.Point{X: 1, Y: -1}, Numbers: []int32{3, -3}, Words: []string{"b", "a"}, Counts: map[string]int32{"": 0, "a": 1}}
	}
	return &sink.Optionals{Flag: set(false), Tiny: set(int8(0)), Small: set(int16(0)), Medium: set(int32(0)), Large: set(int64(0)),
		Real: set(0.0), Text: set(""), Blob: []byte{}, Color: set(sink.Color_RED), Point: &base.Point{}, Numbers: []int32{},
		Words: []string{}, Counts: map[string]int32{}}
}

func containers(it interop.Client) {
	many := make([]int32, 20_000)
	groups := map[int32][]string{}
	for at := range many {
		many[at] = int32(at) * -7
		if at%10 == 0 {
			groups[int32(at)] = []string{fmt.Sprint(at)}
		}
	}
	point := &base.Point{X: 1, Y: 2}
	full := &sink.Containers{Flags: []bool{true, false}, Numbers: many, Words: []string{"", "b"}, Blobs: [][]byte{{}, every()},
		Reals:  []float64{0.5, math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), math.SmallestNonzeroFloat64},
		Unique: []int32{9, -9}, Tags: []string{"x", ""}, Counts: map[string]int32{"a": 1, "b": 2}, Groups: groups,
		Matrix: [][]int32{{}, {1, 2}}, Nested: map[string]map[string]int64{"": {}, "a": {"b": math.MaxInt64}},
		Points: []*base.Point{point, {}}, ById: map[int64]*base.Point{math.MinInt64: point}, Deep: []map[string][]int16{{"k": {3, -3}}, {}},
		Colors: []sink.Color{sink.Color_RED, 99}, ColorNames: map[sink.Color]string{sink.Color_BLUE: "blue", -1: ""},
		Index: sink.PointIndex{"p": {point, point}}, Bits: map[bool]int8{true: 1, false: -128}}
	each(with(it.EchoContainers), &sink.Containers{}, full)
}

func unions(it interop.Client) {
	flag := &sink.Choice{Flag: set(false)}
	each(with(it.EchoChoice), &sink.Choice{Number: set(int32(-5))}, &sink.Choice{Text: set("")}, &sink.Choice{Point: &base.Point{X: 1}},
		&sink.Choice{Names: []string{"n"}}, &sink.Choice{Nothing: &base.Empty{}}, flag)
	one := &sink.Choice{Number: set(int32(1))}
	each(with(it.EchoHolder), &sink.Holder{Choice: one}, &sink.Holder{Choice: one, Maybe: flag, Many: []*sink.Choice{flag, one}})
}

func plain(it interop.Client) {
	each(with(it.RetBool), true, false)
	each(with(it.RetByte), math.MinInt8, math.MaxInt8)
	each(with(it.RetI16), math.MinInt16, math.MaxInt16)
	each(with(it.RetI32), math.MinInt32, math.MaxInt32)
	each(with(it.RetI64), math.MinInt64, math.MaxInt64)
	each(with(it.RetDouble), math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 5e-324, math.MaxFloat64)
	each(with(it.RetString), "", long, "\u00f1 \U0001F980 \u2028 a\x00b")
	each(with(it.RetBinary), []byte{}, every())
	each(with(it.RetEnum), sink.Color_BLUE, 12345)
	each(with(it.RetList), []string{}, []string{"", "a"})
	each(with(it.RetSet), []int32{}, []int32{7, -7})
	each(with(it.RetMap), map[string]*base.Point{}, map[string]*base.Point{"a": {X: 1}, "": {}})
	each(with(it.RetTypedef), "name")
	each(with(it.SnakeCaseMethod), "v")
	each(with(it.Ping), "")
	each(func(a string) (string, error) { return it.OptArg(background, a, 3) }, "")
	each(func(a int32) (int32, error) { return it.NoIds(background, a, 2, 3, 4) }, 1)
	each(func(d string) (string, error) {
		return it.Many(background, -1, d, []int64{1, math.MaxInt64}, &base.Point{X: 3, Y: -4})
	}, "d")
	each(func(key string) (any, error) { return nil, it.Touch(background, key) }, "k")
	each(func(string) (any, error) { return nil, it.Nothing(background) }, "")
	each(func(key string) (any, error) { return nil, it.Fire(background, key, 4) }, "k")
}
