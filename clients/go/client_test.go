package ymera_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	ymera "github.com/ymera/ymera/clients/go"
	ymerav1 "github.com/ymera/ymera/clients/go/ymera/v1"
)

// dial connects to the server at YMERA_ADDRESS, or to one that it starts with the command in YMERA_TEST_SERVER.
func dial(t *testing.T) (*ymera.Client, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	address := os.Getenv("YMERA_ADDRESS")
	if address == "" {
		address = start(t, ctx)
	}
	client, err := ymera.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client, ctx
}

// start runs a server on a free port and reads its address from its log.
func start(t *testing.T, ctx context.Context) string {
	t.Helper()
	command := strings.Fields(os.Getenv("YMERA_TEST_SERVER"))
	if len(command) == 0 {
		t.Skip(`set YMERA_ADDRESS, or YMERA_TEST_SERVER to a command such as "ymera serve"`)
	}
	server := exec.CommandContext(ctx, command[0], command[1:]...)
	server.Env = append(os.Environ(), "YMERA_SERVER__ADDRESS=127.0.0.1:0", "YMERA_LOG__FORMAT=json",
		"YMERA_LOG__LEVEL=info", "YMERA_STORAGE__URL=sqlite:///"+t.TempDir()+"/ymera.db")
	log, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Signal(syscall.SIGTERM)
		server.Wait()
	})
	return addressIn(t, bufio.NewScanner(log))
}

func addressIn(t *testing.T, log *bufio.Scanner) string {
	t.Helper()
	for log.Scan() {
		var line struct{ Event, Address string }
		if json.Unmarshal(log.Bytes(), &line) == nil && line.Event == "serving" {
			go func() {
				for log.Scan() {
				}
			}()
			return line.Address
		}
		t.Log(log.Text())
	}
	t.Fatal("the server did not start")
	return ""
}

func TestAQuestionIsAnswered(t *testing.T) {
	client, ctx := dial(t)
	answer, err := client.Ask(ctx, "What is 17 + 25?")
	if err != nil {
		t.Fatal(err)
	}
	if answer.Text() == "" || answer.GetModel() == "" || answer.GetRequestId() == "" {
		t.Fatalf("incomplete answer: %v", answer)
	}
	stored, err := client.Routing.GetExecution(ctx, &ymerav1.GetExecutionRequest{RequestId: answer.GetRequestId()})
	if err != nil {
		t.Fatal(err)
	}
	if stored.GetExecution().GetStatus() != ymerav1.ExecutionStatus_EXECUTION_STATUS_COMPLETED {
		t.Fatalf("stored as %v", stored.GetExecution().GetStatus())
	}
}

func TestAStreamIsNumberedWithoutGapsAndEndsOnce(t *testing.T) {
	client, ctx := dial(t)
	var sequence int64
	var text strings.Builder
	var last *ymerav1.ExecuteStreamResponse
	for event, err := range client.Stream(ctx, "What is 17 + 25?") {
		if err != nil {
			t.Fatal(err)
		}
		if last.GetCompleted() != nil {
			t.Fatal("an event after the terminal one")
		}
		if sequence++; event.GetSequence() != sequence {
			t.Fatalf("event %d has number %d", sequence, event.GetSequence())
		}
		text.WriteString(event.GetTextDelta().GetText())
		last = event
	}
	if last.GetCompleted() == nil || text.Len() == 0 {
		t.Fatalf("ended with %v after %q", last, text.String())
	}
}

func TestLeavingAStreamEarlyCancelsIt(t *testing.T) {
	client, ctx := dial(t)
	var id string
	for event, err := range client.Stream(ctx, "What is 17 + 25?") {
		if err != nil {
			t.Fatal(err)
		}
		id = event.GetStarted().GetRequestId()
		break
	}
	if id == "" {
		t.Fatal("the first event was not started")
	}
}

func TestAFailureTellsTheFieldAndTheRemedy(t *testing.T) {
	client, ctx := dial(t)
	_, err := client.Ask(ctx, "")
	var failure *ymera.Error
	if !errors.As(err, &failure) {
		t.Fatalf("got %v", err)
	}
	if failure.Code != codes.InvalidArgument || failure.Reason != "INVALID_REQUEST" || failure.RequestID == "" {
		t.Fatalf("got %+v", failure)
	}
	if failure.Violations["prompt.messages"] == "" {
		t.Fatalf("got %v", failure.Violations)
	}
}

func TestAnUnknownModelIsNotFound(t *testing.T) {
	client, ctx := dial(t)
	_, err := client.Ask(ctx, "hello", ymera.WithModels("nobody/nothing"), ymera.WithSystem("Be brief."))
	var failure *ymera.Error
	if !errors.As(err, &failure) || failure.Code != codes.NotFound || failure.Reason != "MODEL_NOT_FOUND" {
		t.Fatalf("got %v", err)
	}
}
