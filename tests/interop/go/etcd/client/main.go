// Uses a server of etcd's API as etcd's own client does, and says what it saw.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
	"go.etcd.io/etcd/client/v3/naming/endpoints"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	client := must(clientv3.New(clientv3.Config{Endpoints: os.Args[1:], DialTimeout: 10 * time.Second}))
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	keys(ctx, client)
	leases(ctx, client)
	watches(ctx, client)
	errors(ctx, client)
	status := must(client.Status(ctx, os.Args[1]))
	members := must(client.MemberList(ctx))
	fmt.Println("members", len(members.Members), status.Leader == members.Members[0].ID)
	locks(ctx, client)
	naming(ctx, client)
}

func keys(ctx context.Context, client *clientv3.Client) {
	must(client.Put(ctx, "a", "1"))
	put := must(client.Put(ctx, "a", "2", clientv3.WithPrevKV()))
	must(client.Put(ctx, "b", "3"))
	got := must(client.Get(ctx, "", clientv3.WithPrefix(), clientv3.WithSort(clientv3.SortByKey, clientv3.SortDescend), clientv3.WithLimit(1)))
	old := must(client.Get(ctx, "a", clientv3.WithRev(2)))
	fmt.Println("get", string(put.PrevKv.Value), string(got.Kvs[0].Key), got.Count, got.More, string(old.Kvs[0].Value))
	txn := must(client.Txn(ctx).
		If(clientv3.Compare(clientv3.Version("a"), "=", 2), clientv3.Compare(clientv3.CreateRevision("c"), "=", 0)).
		Then(clientv3.OpPut("c", "4"), clientv3.OpDelete("b")).
		Else(clientv3.OpGet("a")).Commit())
	fmt.Println("txn", txn.Succeeded, txn.Responses[1].GetResponseDeleteRange().Deleted)
}

func leases(ctx context.Context, client *clientv3.Client) {
	lease := must(client.Grant(ctx, 60))
	must(client.Put(ctx, "leased", "x", clientv3.WithLease(lease.ID)))
	alive := must(client.KeepAlive(ctx, lease.ID))
	beat := <-alive
	left := must(client.TimeToLive(ctx, lease.ID, clientv3.WithAttachedKeys()))
	fmt.Println("lease", beat.TTL, left.GrantedTTL, string(left.Keys[0]))
	must(client.Revoke(ctx, lease.ID))
	for range alive {
	}
	fmt.Println("revoked", must(client.Get(ctx, "leased")).Count, must(client.TimeToLive(ctx, lease.ID)).TTL)
	// The smallest lease ends by itself.
	short := must(client.Grant(ctx, 1))
	events := client.Watch(ctx, "short", clientv3.WithFilterPut())
	must(client.Put(ctx, "short", "", clientv3.WithLease(short.ID)))
	fmt.Println("expired", short.TTL, (<-events).Events[0].Type)
}

func watches(ctx context.Context, client *clientv3.Client) {
	from := must(client.Put(ctx, "watched/1", "1")).Header.Revision
	must(client.Delete(ctx, "watched/1"))
	events := client.Watch(clientv3.WithRequireLeader(ctx), "watched/", clientv3.WithPrefix(), clientv3.WithRev(from), clientv3.WithPrevKV())
	must(client.Put(ctx, "watched/2", "2"))
	seen := 0
	for seen < 3 {
		for _, event := range (<-events).Events {
			before := ""
			if event.PrevKv != nil {
				before = string(event.PrevKv.Value)
			}
			fmt.Println("watch", event.Type, string(event.Kv.Key), string(event.Kv.Value), before)
			seen++
		}
	}
	if err := client.RequestProgress(clientv3.WithRequireLeader(ctx)); err != nil {
		log.Fatal(err)
	}
	progress := <-events
	fmt.Println("progress", progress.IsProgressNotify(), progress.Header.Revision > from)
}

func errors(ctx context.Context, client *clientv3.Client) {
	now := must(client.Put(ctx, "a", "5")).Header.Revision
	must(client.Compact(ctx, now))
	_, err := client.Get(ctx, "a", clientv3.WithRev(now-1))
	fmt.Println("compacted", err == rpctypes.ErrCompacted)
	canceled := <-client.Watch(ctx, "a", clientv3.WithRev(now-1))
	fmt.Println("canceled", canceled.Canceled, canceled.CompactRevision == now, canceled.Err() == rpctypes.ErrCompacted)
	_, err = client.Get(ctx, "a", clientv3.WithRev(now+1))
	fmt.Println("future", err == rpctypes.ErrFutureRev)
	_, err = client.Put(ctx, "a", "", clientv3.WithLease(4711))
	fmt.Println("no lease", err == rpctypes.ErrLeaseNotFound)
	_, err = client.Txn(ctx).Then(clientv3.OpPut("k", "1"), clientv3.OpPut("k", "2")).Commit()
	fmt.Println("twice", err == rpctypes.ErrDuplicateKey)
	_, err = client.AuthStatus(ctx)
	fmt.Println("users", err != nil)
}

func locks(ctx context.Context, client *clientv3.Client) {
	session := must(concurrency.NewSession(client, concurrency.WithTTL(10)))
	mutex := concurrency.NewMutex(session, "lock")
	if err := mutex.Lock(ctx); err != nil {
		log.Fatal(err)
	}
	other := concurrency.NewMutex(must(concurrency.NewSession(client)), "lock")
	fmt.Println("locked", other.TryLock(ctx) == concurrency.ErrLocked)
	session.Close()
	if err := other.Lock(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println("handed on")
}

func naming(ctx context.Context, client *clientv3.Client) {
	manager := must(endpoints.NewManager(client, "svc"))
	updates := must(manager.NewWatchChannel(ctx))
	if err := manager.AddEndpoint(ctx, "svc/1", endpoints.Endpoint{Addr: "127.0.0.1:1"}); err != nil {
		log.Fatal(err)
	}
	for {
		if update := <-updates; len(update) > 0 {
			fmt.Println("endpoint", update[0].Endpoint.Addr)
			return
		}
	}
}
