// Runs the checks of ../README.md against a server and prints one line for each:
//
//	go run ./conformance 127.0.0.1:50051
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	ymera "github.com/ymera/ymera/clients/go"
)

// A check returns an error that says what differs from the contract.
type check struct {
	name string
	run  func(context.Context, *ymera.Client) error
}

var checks = []check{
	{"ask", ask},
	{"stream", stream},
	{"invalid", invalid},
	{"unknown-model", unknownModel},
	{"deadline", deadline},
	{"cancel", cancel},
	{"route", route},
	{"models", models},
	{"execution", execution},
	{"health", health},
	{"idempotency", idempotency},
	{"count", count},
	{"large", large},
	{"benchmark", benchmark},
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: conformance ADDRESS")
		os.Exit(2)
	}
	client, err := ymera.Dial(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer client.Close()
	if !all(client) {
		os.Exit(1)
	}
}

func all(client *ymera.Client) bool {
	passed := true
	for _, check := range checks {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		if err := check.run(ctx, client); err != nil {
			passed = false
			fmt.Printf("FAIL %s: %v\n", check.name, err)
		} else {
			fmt.Printf("ok   %s\n", check.name)
		}
		cancel()
	}
	return passed
}
