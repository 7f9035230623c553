// Command client calls Bench.Echo: client ADDRESS framed|mux CALLERS BYTES SECONDS. It prints the
// calls, the wall-clock nanoseconds and the CPU nanoseconds that they took.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/connpool"
	"github.com/cloudwego/kitex/transport"

	"bench/kitex_gen/bench"
	service "bench/kitex_gen/bench/bench"
)

func number(place int) float64 {
	value, err := strconv.ParseFloat(os.Args[place], 64)
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func cpu() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func main() {
	callers, size := int(number(3)), int(number(4))
	options := []client.Option{client.WithHostPorts(os.Args[1])}
	if os.Args[2] == "mux" {
		options = append(options, client.WithMuxConnection(2))
	} else {
		pool := connpool.IdleConfig{MaxIdlePerAddress: callers, MaxIdleGlobal: callers, MaxIdleTimeout: time.Minute}
		options = append(options, client.WithTransportProtocol(transport.Framed), client.WithLongConnection(pool))
	}
	remote, err := service.NewClient("bench", options...)
	if err != nil {
		log.Fatal(err)
	}
	text := strings.Repeat("x", size)
	run := func(time_ time.Duration) int64 {
		var calls atomic.Int64
		var group sync.WaitGroup
		end := time.Now().Add(time_)
		for range callers {
			group.Go(func() {
				for own := int64(0); ; own++ {
					if own&15 == 0 && time.Now().After(end) {
						calls.Add(own)
						return
					}
					answer, err := remote.Echo(context.Background(), &bench.Message{Text: text})
					if err != nil || len(answer.Text) != size {
						log.Fatal(err)
					}
				}
			})
		}
		group.Wait()
		return calls.Load()
	}
	run(400 * time.Millisecond)
	begin, before := time.Now(), cpu()
	calls := run(time.Duration(number(5) * float64(time.Second)))
	fmt.Println(calls, time.Since(begin).Nanoseconds(), cpu()-before)
}
