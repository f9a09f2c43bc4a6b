package mssql

import (
	"context"
	"errors"
	"net"
	"sync"
)

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// open dials the host: the listener of an availability group has an address in each subnet, of which one answers.
// https://learn.microsoft.com/sql/database-engine/availability-groups/windows/listeners-client-connectivity-application-failover#SupportAgMultiSubnetFailover
func (a *attempt) open(ctx context.Context, network, host, port string) (net.Conn, error) {
	if !a.c.set.parallel {
		return a.c.dial(ctx, network, net.JoinHostPort(host, port))
	}
	found, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return nil, err
	}
	addresses := make([]string, len(found))
	for i := range found {
		addresses[i] = net.JoinHostPort(found[i].String(), port)
	}
	return dialAny(ctx, a.c.dial, network, addresses)
}

// dialAny dials all addresses at once and returns the first connection. It returns when all dials have ended.
func dialAny(ctx context.Context, dial dialFunc, network string, addresses []string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		dials sync.WaitGroup
		mu    sync.Mutex
		first net.Conn
		errs  []error
	)
	for _, address := range addresses {
		dials.Go(func() {
			conn, err := dial(ctx, network, address)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				errs = append(errs, err)
			case first == nil:
				first = conn
				cancel()
			default:
				_ = conn.Close() // it came second
			}
		})
	}
	dials.Wait()
	if first != nil {
		return first, nil
	}
	return nil, errors.Join(errs...)
}
