// Sends a prompt to a Ymera server and prints the answer as it arrives:
//
//	go run ./example [-address 127.0.0.1:50051] "Write hello world in Go"
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	ymera "github.com/ymera/ymera/clients/go"
)

func main() {
	address := flag.String("address", cmp.Or(os.Getenv("YMERA_ADDRESS"), "127.0.0.1:50051"), "where the server listens")
	flag.Parse()
	question := cmp.Or(strings.Join(flag.Args(), " "), "Write hello world in Go")
	if err := ask(*address, question); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func ask(address, question string) error {
	client, err := ymera.Dial(address)
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var why string
	for event, err := range client.Stream(ctx, question) {
		if err != nil {
			return err
		}
		if started := event.GetStarted(); started != nil {
			why = started.GetDecision().GetExplanation()
		}
		fmt.Print(event.GetTextDelta().GetText())
		if event.GetCompleted() != nil {
			fmt.Printf("\n\n%s\n", why)
		}
	}
	return nil
}
