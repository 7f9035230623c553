// Command grpcclient calls echo.Echo/Say by grpc-go: grpcclient ADDRESS CONNECTIONS CALLERS BYTES SECONDS. It prints the
// calls, the wall-clock nanoseconds and the CPU nanoseconds that they took. The message has one text, as
// google.protobuf.StringValue has, which stands for it on the wire.
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

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"
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
	connections, callers := int(number(2)), int(number(3))
	var remotes []*grpc.ClientConn
	for range connections {
		remote, err := grpc.NewClient("passthrough:///"+os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			log.Fatal(err)
		}
		remotes = append(remotes, remote)
	}
	text := strings.Repeat("x", int(number(4)))
	run := func(time_ time.Duration) int64 {
		var calls atomic.Int64
		var group sync.WaitGroup
		end := time.Now().Add(time_)
		for caller := range callers {
			group.Go(func() {
				remote := remotes[caller%connections]
				for own := int64(0); ; own++ {
					if own&15 == 0 && time.Now().After(end) {
						calls.Add(own)
						return
					}
					answer := new(wrapperspb.StringValue)
					err := remote.Invoke(context.Background(), "/echo.Echo/Say", wrapperspb.String(text), answer)
					if err != nil || len(answer.Value) != len(text) {
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
