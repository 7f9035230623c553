package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/kitex/client/callopt"
	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/remote"

	"interop/kitex_gen/interop/interop"
	"interop/kitex_gen/interop/strange"
	"interop/kitex_gen/sink"
	"interop/kitex_gen/sink/base"
	"interop/shown"
)

// outcome says what a caller got.
func outcome(value any, err error) any {
	var denied *base.Denied
	var missing *sink.NotFound
	var remoted *remote.TransError
	business, isBusiness := kerrors.FromBizStatusError(err)
	switch {
	case err == nil:
		return []any{"ok", value}
	case errors.As(err, &denied):
		return []any{"denied", shown.Struct(denied)}
	case errors.As(err, &missing):
		return []any{"missing", shown.Struct(missing)}
	case isBusiness:
		return []any{"business", business.BizStatusCode(), business.BizMessage(), business.BizExtra()}
	case kerrors.IsTimeoutError(err):
		return []any{"timeout"}
	case errors.As(err, &remoted):
		return []any{"exception", remoted.TypeID(), remoted.Error()}
	}
	return []any{"error", err.Error()}
}

func say(name string, value any, err error) {
	fmt.Println(shown.Text([]any{name, outcome(value, err)}))
}

func outcomes(known interop.Client, stranger strange.Client) {
	for _, kind := range []string{"ok", "denied", "missing", "plain", "panic", "biz", "biz_odd"} {
		value, err := known.Risky(background, kind)
		say(kind, value, err)
	}
	for _, kind := range []string{"ok", "denied", "plain", "biz"} {
		say("void "+kind, nil, known.RiskyVoid(background, kind))
	}
	say("absent", nil, stranger.Absent(background))
	value, err := known.Risky(background, "ok")
	say("after", value, err)
}

func metadata(it interop.Client, _ strange.Client) {
	ctx := metainfo.WithPersistentValue(metainfo.WithValue(background, "Once", "1 \u2713"), "Trace_Id", "t")
	ctx = metainfo.WithBackwardValues(ctx)
	seen, err := it.Look(ctx, map[string]string{"from-there": "yes", "Second_Key": "\u2713"})
	say("look", shown.Struct(seen), err)
	fmt.Println(shown.Text(metainfo.RecvAllBackwardValues(ctx)))
	seen, err = it.Hop(ctx)
	say("hop", shown.Struct(seen), err)
}

func timeouts(it interop.Client, _ strange.Client) {
	say("sleep", nil, it.Sleep(background, 60_000, callopt.WithRPCTimeout(300*time.Millisecond)))
	value, err := it.Ping(background, "after")
	say("ping", value, err)
}

// hurried makes 2,000 calls that take longer than they may, 50 at once, and says how many of them ended in which way.
func hurried(it interop.Client, _ strange.Client) {
	const callers, calls = 50, 40
	ends := make(chan string, callers*calls)
	var all sync.WaitGroup
	for range callers {
		all.Add(1)
		go func() {
			defer all.Done()
			for range calls {
				ends <- shown.Text(outcome(nil, it.Sleep(background, 60_000, callopt.WithRPCTimeout(50*time.Millisecond))))
			}
		}()
	}
	all.Wait()
	close(ends)
	counts := map[string]int{}
	for end := range ends {
		counts[end]++
	}
	fmt.Println(shown.Text(counts))
	value, err := it.Ping(background, "after")
	say("ping", value, err)
}

// load calls without a pause from four callers until it gets SIGTERM.
func load(it interop.Client, _ strange.Client) {
	ending, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	var calls, failed atomic.Int64
	var callers sync.WaitGroup
	for range 4 {
		callers.Add(1)
		go func() {
			defer callers.Done()
			for ending.Err() == nil {
				if _, err := it.Ping(background, "x"); err != nil {
					failed.Add(1)
					log.Println(err)
				}
				if calls.Add(1) == 100 {
					fmt.Println("running")
				}
			}
		}()
	}
	callers.Wait()
	fmt.Println("failed:", failed.Load())
	fmt.Fprintln(os.Stderr, "calls:", calls.Load())
}
